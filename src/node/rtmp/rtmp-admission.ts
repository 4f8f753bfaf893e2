/**
 * How an RTMP connection asks the application: for `connect`, and through the hub for a publish or play. Whatever the
 * application throws is a refusal, not the end of the process.
 *
 * @module
 */
import createDebug from 'debug'
import {
  type AccessRedirect,
  type AccessReject,
  type AccessRequest,
  type Refusal,
  reject,
} from '../../hub/index.ts'
import {
  type ConnectReply,
  type ConnectRequest,
  resolveStreamTarget,
  type RtmpServerSession,
  type StreamRejection,
} from '../../rtmp/index.ts'
import { checkedConnect } from './checked-connect.ts'
import type { RtmpConnectionEvent, RtmpConnectionHost, RtmpRefusal } from './rtmp-connection-host.ts'
import type { RtmpConnection } from './rtmp-connection.ts'

const debug = createDebug('millrace:rtmp')

/** Lets a client connect, with extra properties for the answer if there are any. */
export interface RtmpConnectAccept extends ConnectReply {
  /** Discriminant. */
  readonly type: 'accept'
  /** Called once when the connection is over, or never came to be because the answer came too late. Must not throw. */
  readonly onEnd?: (() => void) | undefined
  /** Take part in the connection from now on. @defaultValue none */
  readonly extensions?: readonly RtmpConnectionExtension[] | undefined
}

/** Something that one connection can do beside publish and play, such as commands of its own. */
export interface RtmpConnectionExtension {
  /** The connection was accepted: what is sent now follows the answer. Call `flush` of the connection when something was. */
  accepted?(): void
  /** An event of the connection's session, before the server announces it. What throws ends the connection. */
  event?(event: RtmpConnectionEvent): void
}

/**
 * The answer to `connect`: the same as to a publish or play, so that `reject` and `redirect` of `millrace/hub` make it too, but for what an
 * accept has. A redirect is to a tcUrl, `rtmp://host/app`.
 */
export type RtmpConnectDecision = RtmpConnectAccept | AccessReject | AccessRedirect

/** Awaits the answer to `connect`. Never rejects. */
export async function decideConnect(
  decide: () => RtmpConnectDecision | boolean | Promise<RtmpConnectDecision | boolean>,
): Promise<RtmpConnectDecision> {
  try {
    return checkedConnect(await decide())
  } catch (error) {
    debug('onConnect failed: %s', error)
    return FAILED
  }
}

/** Lets the client in, unless the properties that the application added cannot be sent. @returns whether it is in. */
export function acceptConnect(session: RtmpServerSession, decision: RtmpConnectAccept): boolean {
  try {
    return session.acceptConnect(decision)
  } catch (error) {
    debug('the answer to connect cannot be sent: %s', error)
    session.rejectConnect(FAILED.reason)
    return false
  }
}

const FAILED = reject('the decision failed')

/** What is known of the one who asks. */
export interface Asking {
  readonly clientId: string
  readonly connect: ConnectRequest | undefined
  readonly remoteAddress: string
  readonly secure: boolean
}

/** What is known of the peer of `connection`. */
export function askingOf({ clientId, session, info }: RtmpConnection): Asking {
  return {
    clientId,
    connect: session.connectRequest,
    remoteAddress: session.proxyAddress ?? info.remoteAddress,
    secure: info.secure ?? false,
  }
}

/** Tells the server of a peer that was refused without a hub being asked. */
export function tellRefused(
  host: RtmpConnectionHost,
  connection: RtmpConnection,
  action: RtmpRefusal['action'],
  reason: string,
): void {
  const { remoteAddress, connect } = askingOf(connection)
  host.refused({ remoteAddress, connection, connect, action, reason })
}

/** The virtual host that `connect` named; a stream name may lead to another one. */
export function vhostOfConnect({ connect }: Asking): string {
  return resolveStreamTarget({ tcUrl: connect?.tcUrl ?? '', app: connect?.app ?? '' }).vhost
}

/** A publish or play in the words of the hub. */
export function accessRequest(action: 'publish' | 'play', streamName: string, asking: Asking): AccessRequest {
  const { clientId, connect, remoteAddress, secure } = asking
  const tcUrl = connect?.tcUrl ?? ''
  const target = resolveStreamTarget({ tcUrl, app: connect?.app ?? '', streamName })
  return {
    action,
    protocol: 'rtmp',
    vhost: target.vhost,
    app: target.app,
    streamName: target.streamName,
    streamPath: target.streamPath,
    query: target.query,
    param: target.param,
    clientId,
    remoteAddress,
    secure,
    url: tcUrl,
    pageUrl: connect?.pageUrl ?? '',
    details: connect?.properties ?? {},
  }
}

/** Tells the peer that it may not publish or play, and why. */
export function refuse(
  session: RtmpServerSession,
  action: 'publish' | 'play',
  streamName: string,
  { cause, decision, error }: Refusal,
): void {
  if (error !== undefined) debug('%s failed: %s', action, error)
  const [reason, rejection] = inWordsOfRtmp(action, streamName, cause, decision)
  if (action === 'publish') session.rejectPublish(reason, rejection)
  else session.rejectPlay(reason, rejection)
}

function inWordsOfRtmp(
  action: 'publish' | 'play',
  streamName: string,
  cause: Refusal['cause'],
  decision: Refusal['decision'],
): [reason: string, rejection: StreamRejection] {
  if (decision.type === 'redirect') {
    return ['redirected', { redirect: { tcUrl: decision.url, url: `${decision.url}/${streamName}` } }]
  }
  const isOfName = cause === 'in-use' || decision.notFound === true
  const code = action === 'publish' ? 'NetStream.Publish.BadName' : 'NetStream.Play.StreamNotFound'
  return [decision.reason, isOfName ? { code } : {}]
}
