/** Requests as the doors make them, for rules that are asked without a server. */
import type { AccessRequest } from 'millrace/hub'

/** Nobody leaves. */
export const never: AbortSignal = new AbortController().signal

let peers = 0

/** A player of `/live/show` over RTMP, from another client each time, but for what is given. */
export function request(given: Partial<AccessRequest> = {}): AccessRequest {
  const { app = 'live', streamName = 'show' } = given
  return {
    action: 'play',
    protocol: 'rtmp',
    vhost: '',
    app,
    streamName,
    streamPath: `/${app}/${streamName}`,
    query: {},
    param: '',
    clientId: `peer-${++peers}`,
    remoteAddress: '192.0.2.7',
    secure: false,
    url: 'rtmp://example.com/live',
    pageUrl: '',
    details: {},
    ...given,
  }
}
