/**
 * The JSON bodies of SRS's callbacks, field by field.
 *
 * @module
 */
import { join } from 'node:path'
import { type AccessRequest, renameRequest, splitStreamPath, type StreamPath } from '../../hub/index.ts'
import { plainAddress } from '../../node/net/index.ts'
import type { RtmpConnection } from '../../node/index.ts'
import type { PackagedSegment } from '../../packaging/index.ts'
import { type ConnectRequest, resolveStreamTarget, DEFAULT_VHOST } from '../../rtmp/index.ts'
import type { ServerIdentity } from '../identity/index.ts'
import type { CallbackAction } from './callback-options.ts'

/** A peer in the words of the callbacks. */
export interface CallbackPeer {
  /** `client_id` */
  readonly clientId: string
  /** `ip` */
  readonly ip: string
  /** `app` */
  readonly app: string
  /** `tcUrl` */
  readonly tcUrl: string
  /** `stream` */
  readonly stream: string
  /** `param`: the query with its `?`. */
  readonly param: string
  /** `pageUrl` */
  readonly pageUrl: string
  /** `/app/name` of the stream; `''` while none is named. */
  readonly streamPath: string
}

/** A recording that is complete. */
export interface FinishedRecording {
  /** Who was recorded, as the hub's `publish` event told; without it the body has the stream alone. */
  readonly request?: AccessRequest | undefined
  /** The stream, as `/app/name`. */
  readonly streamPath: string
  /** Path of the file. */
  readonly file: string
  /** What a relative path is relative to. @defaultValue `process.cwd()` */
  readonly cwd?: string
}

/** Where HLS files are, for the bodies. */
export interface HlsPlaces {
  /** Directory of the segment store. */
  readonly hlsDirectory?: string | undefined
  /** Prefix of URLs. */
  readonly hlsUrlPrefix: string
}

type Body = Readonly<Record<string, string | number>>

/** Makes bodies that name one server and virtual host. */
export class CallbackBodies {
  readonly #identity: ServerIdentity
  readonly #vhost: string

  /** Names that every body carries. */
  constructor(identity: ServerIdentity, vhost: string) {
    this.#identity = identity
    this.#vhost = vhost
  }

  /** on_connect */
  connect(peer: CallbackPeer): Body {
    const { stream, param, tcUrl, pageUrl } = peer
    return { ...this.#base('on_connect', peer), stream, param, tcUrl, pageUrl }
  }

  /** on_close */
  close(peer: CallbackPeer, sentBytes: number, receivedBytes: number): Body {
    return { ...this.#base('on_close', peer), send_bytes: sentBytes, recv_bytes: receivedBytes }
  }

  /** on_publish, on_unpublish, on_play and on_stop */
  stream(action: 'on_publish' | 'on_unpublish' | 'on_play' | 'on_stop', peer: CallbackPeer): Body {
    const { tcUrl, stream, param, pageUrl } = peer
    const page = action === 'on_play' ? { pageUrl } : {}
    return { ...this.#base(action, peer), tcUrl, stream, param, ...page, ...this.#names(peer) }
  }

  /** on_forward */
  forward(peer: CallbackPeer): Body {
    const { tcUrl, stream, param } = peer
    return { ...this.#base('on_forward', peer), tcUrl, stream, param }
  }

  /** on_dvr */
  dvr(peer: CallbackPeer, { file, cwd = process.cwd() }: FinishedRecording): Body {
    const { tcUrl, stream, param } = peer
    return { ...this.#base('on_dvr', peer), tcUrl, stream, param, cwd, file, ...this.#names(peer) }
  }

  /** on_hls */
  hls(peer: CallbackPeer, segment: PackagedSegment, places: HlsPlaces): Body {
    const { tcUrl, stream, param } = peer
    return {
      ...this.#base('on_hls', peer),
      tcUrl,
      stream,
      param,
      duration: Math.round(segment.durationSec * 1_000) / 1_000,
      cwd: process.cwd(),
      file: fileOf(segment.key, places),
      url: places.hlsUrlPrefix + segment.key,
      m3u8: fileOf(segment.playlistKey, places),
      m3u8_url: places.hlsUrlPrefix + segment.playlistKey,
      seq_no: segment.sequence,
      ...this.#names(peer),
    }
  }

  /**
   * The URL of on_hls_notify. Where segments have URLs of their own, that of the segment is fetched, to have it in a CDN's cache; SRS does
   * the same. What stands for a name is escaped, its slashes kept.
   */
  notifyUrl(
    template: string,
    peer: CallbackPeer,
    segment: PackagedSegment,
    { hlsUrlPrefix }: HlsPlaces,
  ): string {
    const segmentUrl = hlsUrlPrefix + segment.key
    if (/^https?:/i.test(segmentUrl)) return new URL(segmentUrl).href
    const values: Readonly<Record<string, string>> = {
      server_id: this.#identity.serverId,
      service_id: this.#identity.serviceId,
      app: escapePath(peer.app),
      stream: escapePath(peer.stream),
      ts_url: escapePath(segmentUrl),
      param: peer.param,
    }
    return new URL(template.replaceAll(/\[(\w+)\]/g, (whole, name: string) => values[name] ?? whole)).href
  }

  #base(action: CallbackAction, { clientId, ip, app }: CallbackPeer): Body {
    const { serverId, serviceId } = this.#identity
    return {
      server_id: serverId,
      service_id: serviceId,
      action,
      client_id: clientId,
      ip,
      vhost: this.#vhost,
      app,
    }
  }

  #names({ streamPath }: CallbackPeer): Body {
    const vhost = this.#vhost
    return {
      stream_url: vhost === DEFAULT_VHOST ? streamPath : vhost + streamPath,
      stream_id: this.#identity.streamId(vhost, streamPath),
    }
  }
}

/** The one who asks to publish or play, or did: by the stream's public name, so that all bodies about it agree and none has a secret key. */
export function peerOfRequest(request: AccessRequest, clientId: string): CallbackPeer {
  const { protocol, app, streamName, streamPath, url, vhost, query, pageUrl } = renameRequest(
    request,
    request.streamPath,
  )
  return {
    clientId,
    ip: plainAddress(request.remoteAddress),
    app,
    // Only RTMP has a tcUrl; SRS makes one up for the others.
    tcUrl: protocol === 'rtmp' ? url : `rtmp://${vhost}/${app}`,
    stream: streamName,
    param: request.param ?? formatParam(query),
    pageUrl,
    streamPath,
  }
}

/** Who publishes or published a stream; the stream alone where nobody was let in for it. */
export function peerOfPublisher(request: AccessRequest | undefined, streamPath: string): CallbackPeer {
  return request === undefined
    ? peerOfStream(streamPath)
    : peerOfRequest({ ...request, streamPath: streamPath as StreamPath }, request.clientId ?? '')
}

/** The one who connects. */
export function peerOfConnection(
  { tcUrl, app, pageUrl }: ConnectRequest,
  connection: RtmpConnection,
): CallbackPeer {
  const target = resolveStreamTarget({ tcUrl, app })
  return {
    clientId: connection.clientId,
    ip: plainAddress(connection.session.proxyAddress ?? connection.info.remoteAddress),
    app: target.app,
    tcUrl,
    stream: target.streamName,
    param: target.param,
    pageUrl,
    streamPath: target.streamName === '' ? '' : target.streamPath,
  }
}

function peerOfStream(streamPath: string): CallbackPeer {
  const { app, streamName: stream } = splitStreamPath(streamPath)
  return { clientId: '', ip: '', app, tcUrl: '', stream, param: '', pageUrl: '', streamPath }
}

/** As recordings have it: relative to `cwd` where the directory is. */
function fileOf(key: string, { hlsDirectory }: HlsPlaces): string {
  return hlsDirectory === undefined ? key : join(hlsDirectory, key)
}

function formatParam(query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams({ ...query }).toString()
  return text === '' ? '' : `?${text}`
}

function escapePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
