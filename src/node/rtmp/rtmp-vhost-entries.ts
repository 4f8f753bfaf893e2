/**
 * Connections that lead to another virtual host than they were made to: by `?vhost=` of a stream name.
 *
 * @module
 */
import { type AccessRedirect, type AccessReject, type Hub, reject, setDeadline } from '../../hub/index.ts'
import type { ConnectRequest } from '../../rtmp/index.ts'
import { type Asking, accessRequest, decideConnect, type RtmpConnectDecision } from './rtmp-admission.ts'
import type { RtmpConnection } from './rtmp-connection.ts'
import type { RtmpConnectDecider, RtmpConnectionHost } from './rtmp-connection-host.ts'

/** The virtual hosts that one connection was let into after its `connect`. */
export class RtmpVhostEntries {
  readonly #host: RtmpConnectionHost
  readonly #connection: RtmpConnection
  readonly #onConnect: RtmpConnectDecider
  readonly #hubs: Set<Hub>
  #onEnds: (() => void)[]
  #isOver: boolean

  /** @param onConnect - whom to ask. */
  constructor(host: RtmpConnectionHost, connection: RtmpConnection, onConnect: RtmpConnectDecider) {
    this.#host = host
    this.#connection = connection
    this.#onConnect = onConnect
    this.#hubs = new Set()
    this.#onEnds = []
    this.#isOver = false
  }

  /**
   * Asks `onConnect` about `hub`, where a stream name has led to, as if the client had connected to that virtual host: once for each hub, and
   * not for the one that it has connected to. What an accept adds to the answer to `connect` comes too late, and counts for nothing.
   * @param vhost - by what name it was led there.
   * @returns why not, or `undefined`. Never rejects.
   */
  async enter(
    hub: Hub,
    vhost: string,
    asking: Asking,
    signal: AbortSignal,
  ): Promise<AccessReject | AccessRedirect | undefined> {
    const { connect } = asking
    if (connect === undefined || this.#hubs.has(hub)) return undefined
    const deciding = decideConnect(() => {
      const connected = accessRequest('play', '', asking)
      const isSame = this.#host.door.hubOf(connected) === hub
      return isSame || this.#onConnect(connectTo(vhost, connect), this.#connection, signal)
    })
    const decision = await this.#limited(deciding, signal)
    if (decision.type !== 'accept') return decision
    this.#hubs.add(hub)
    if (decision.onEnd === undefined) return undefined
    if (this.#isOver) this.#host.attempt('onEnd', decision.onEnd)
    else this.#onEnds.push(decision.onEnd)
    return undefined
  }

  /** The connection is over. */
  end(): void {
    this.#isOver = true
    const onEnds = this.#onEnds
    this.#onEnds = []
    for (const onEnd of onEnds) this.#host.attempt('onEnd', onEnd)
  }

  /** `deciding`, for as long as the server waits for such a decision and the peer is there. Who is let in too late has left. */
  #limited(deciding: Promise<RtmpConnectDecision>, signal: AbortSignal): Promise<RtmpConnectDecision> {
    const { clock, connectDecisionTimeoutMs } = this.#host
    return new Promise((resolve) => {
      let isOpen = true
      const settle = (decision: RtmpConnectDecision): void => {
        if (!isOpen && decision.type === 'accept') this.#host.attempt('onEnd', () => decision.onEnd?.())
        isOpen = false
        timer?.cancel()
        signal.removeEventListener('abort', onGone)
        resolve(decision)
      }
      const onGone = (): void => settle(reject('the peer has left'))
      const timer =
        connectDecisionTimeoutMs > 0
          ? setDeadline(clock, () => settle(reject('the decision took too long')), connectDecisionTimeoutMs)
          : undefined
      signal.addEventListener('abort', onGone, { once: true })
      void deciding.then(settle)
    })
  }
}

/** `request` as it would be if it named the virtual host. */
function connectTo(vhost: string, request: ConnectRequest): ConnectRequest {
  const named = (text: string): string => {
    const plain = text.replace(/\.\.\.vhost\.\.\.[^/?#]*/, '').replace(/#.*$/s, '')
    return `${plain}${plain.includes('?') ? '&' : '?'}vhost=${encodeURIComponent(vhost)}`
  }
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(request.tcUrl)
    ? { ...request, tcUrl: named(request.tcUrl) }
    : { ...request, app: named(request.app) }
}
