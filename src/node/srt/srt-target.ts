/**
 * Which stream a caller means by its stream id.
 *
 * @module
 */
import type { AccessRequest } from '../../hub/index.ts'
import { resolveStreamTarget } from '../../rtmp/index.ts'
import { parseSrtStreamId, type SrtRequest } from '../../srt/index.ts'
import { plainAddress } from '../net/index.ts'

/** What ids leave open. */
export interface SrtTargetPolicy {
  readonly defaultApp: string
  readonly defaultMode: 'publish' | 'play'
  readonly defaultStreamId: string
}

/** A caller in the words of the hub; `undefined` if its id cannot be one of a stream, `'badMode'` if it asks for both directions. */
export function srtAccessRequest(
  request: SrtRequest,
  clientId: string,
  policy: SrtTargetPolicy,
): AccessRequest | 'badMode' | undefined {
  const text = request.streamId === '' ? policy.defaultStreamId : request.streamId
  const id = parseSrtStreamId(text)
  if (id === undefined) return undefined
  if (id.mode === 'bidirectional') return 'badMode'
  const resource = id.resource.replaceAll(/^\/+|\/+$/g, '')
  // The old form of SRS: the host names the stream.
  const path = resource === '' && id.host?.includes('/') === true ? id.host : resource
  if (path === '') return undefined
  const streamName = id.query === '' ? path : `${path}?${id.query}`
  const app = path.includes('/') ? '' : policy.defaultApp
  const target = resolveStreamTarget({ app, streamName })
  const isPublish =
    id.mode === undefined && id.form === 'plain' ? policy.defaultMode === 'publish' : id.mode === 'publish'
  return {
    action: isPublish ? 'publish' : 'play',
    protocol: 'srt',
    vhost: target.vhost === '' && path !== id.host ? (id.host ?? '') : target.vhost,
    app: target.app,
    streamName: target.streamName,
    streamPath: target.streamPath,
    query: {
      ...(id.user === undefined ? {} : { user: id.user }),
      ...(id.session === undefined ? {} : { session: id.session }),
      ...target.query,
    },
    param: target.param,
    clientId,
    remoteAddress: plainAddress(request.peer.address),
    secure: request.isEncrypted,
    url: '',
    pageUrl: '',
    details: { peerVersion: request.peerVersion, streamId: request.streamId },
  }
}
