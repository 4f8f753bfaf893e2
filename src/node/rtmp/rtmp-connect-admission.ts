/**
 * Whether a connection may be there: the answer to its `connect`, and to other virtual hosts that its stream names lead to.
 *
 * @module
 */
import createDebug from 'debug'
import type { AccessRedirect, AccessReject, Hub } from '../../hub/index.ts'
import type { ConnectRequest } from '../../rtmp/index.ts'
import {
  acceptConnect,
  askingOf,
  decideConnect,
  type RtmpConnectDecision,
  type RtmpConnectionExtension,
  tellRefused,
  vhostOfConnect,
} from './rtmp-admission.ts'
import type { RtmpConnectionHost } from './rtmp-connection-host.ts'
import type { RtmpConnection } from './rtmp-connection.ts'
import { RtmpVhostEntries } from './rtmp-vhost-entries.ts'

const debug = createDebug('millrace:rtmp')

const NO_EXTENSIONS: readonly RtmpConnectionExtension[] = []

/** Decides about `connect` of one connection, and keeps what the answer brought until the connection is over. */
export class RtmpConnectAdmission {
  readonly #host: RtmpConnectionHost
  readonly #connection: RtmpConnection
  /** Other virtual hosts that it was let into. */
  #entries: RtmpVhostEntries | undefined
  #extensions: readonly RtmpConnectionExtension[]
  #onEnd: (() => void) | undefined
  #dueMs: number | undefined

  constructor(host: RtmpConnectionHost, connection: RtmpConnection) {
    this.#host = host
    this.#connection = connection
    this.#entries = undefined
    this.#extensions = NO_EXTENSIONS
    this.#onEnd = undefined
    this.#dueMs = undefined
  }

  /** When the decision is due, ms on the clock of the server; `undefined`: never. */
  get dueMs(): number | undefined {
    return this.#dueMs
  }

  /** Refuses the connection if the decision is due. */
  check(nowMs: number): void {
    if (this.#dueMs !== undefined && nowMs >= this.#dueMs) this.#refuse('the decision took too long')
  }

  /**
   * Answers `connect`. Never rejects.
   * @param signal - of the connection; made only if somebody is asked.
   */
  async decide(request: ConnectRequest, signal: () => AbortSignal): Promise<void> {
    const { onConnect, connectDecisionTimeoutMs, clock } = this.#host
    let decision: RtmpConnectDecision = { type: 'accept' }
    if (onConnect !== undefined) {
      if (connectDecisionTimeoutMs > 0) this.#dueMs = clock.now() + connectDecisionTimeoutMs
      decision = await decideConnect(() => onConnect(request, this.#connection, signal()))
      this.#dueMs = undefined
    }
    switch (decision.type) {
      case 'accept': {
        const { onEnd, extensions = NO_EXTENSIONS } = decision
        if (acceptConnect(this.#connection.session, decision)) {
          this.#onEnd = onEnd
          this.#extensions = extensions
          this.extend((extension) => extension.accepted?.())
        } else this.#host.attempt('onEnd', () => onEnd?.())
        break
      }
      case 'reject':
        this.#refuse(decision.reason)
        break
      case 'redirect':
        this.#refuse('redirected', { tcUrl: decision.url })
        break
      default: {
        decision satisfies never
      }
    }
  }

  /** Whether the connection may get to `hub`, where a stream name has led: why not, or `undefined`. */
  mayEnter(
    hub: Hub,
    vhost: string,
    signal: AbortSignal,
  ): Promise<AccessReject | AccessRedirect | undefined> | undefined {
    const { onConnect } = this.#host
    const asking = askingOf(this.#connection)
    if (onConnect === undefined || vhostOfConnect(asking) === vhost) return undefined
    this.#entries ??= new RtmpVhostEntries(this.#host, this.#connection, onConnect)
    return this.#entries.enter(hub, vhost, asking, signal)
  }

  /** Calls each extension. One that throws ends the connection. */
  extend(call: (extension: RtmpConnectionExtension) => void): void {
    try {
      for (const extension of this.#extensions) call(extension)
    } catch (error) {
      debug('an extension of connection %d failed: %s', this.#connection.id, error)
      this.#connection.session.close('internal error')
    }
  }

  /** The connection is over. */
  end(): void {
    this.#host.attempt('onEnd', () => this.#onEnd?.())
    this.#entries?.end()
  }

  /** A peer that has gone meanwhile is not told, and nobody is told of it. */
  #refuse(reason: string, redirect?: { readonly tcUrl: string }): void {
    const { session } = this.#connection
    if (session.awaitingDecision !== 'connect') return
    session.rejectConnect(reason, redirect)
    tellRefused(this.#host, this.#connection, 'connect', reason)
  }
}
