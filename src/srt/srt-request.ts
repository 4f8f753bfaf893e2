/**
 * A caller that waits for a decision.
 *
 * @module
 */
import type { SrtAddress } from './srt-address.ts'
import type { SrtSessionOptions } from './session-options.ts'
import type { SrtSession } from './srt-session.ts'

/** What a listener does with a decision. @internal */
export interface RequestHost {
  prepare(request: SrtRequest, options: SrtSessionOptions): boolean
  accept(request: SrtRequest, options: SrtSessionOptions): SrtSession | undefined
  reject(request: SrtRequest, reason: number): void
}

/** A caller that has proved its address and asks for a connection. Decide within `requestTimeoutMs`: it asks again every 250 ms and gives up after 3 s. */
export class SrtRequest {
  /** Where the caller is. */
  readonly peer: SrtAddress
  /** What it asks for, as it says so; empty if it does not. Unescaped text of a stranger; see {@link parseSrtStreamId}. */
  readonly streamId: string
  /** Whether it has a passphrase. */
  readonly isEncrypted: boolean
  /** Version of its library, `major << 16 | minor << 8 | patch`. */
  readonly peerVersion: number
  /** Least delay that it wants for what it receives, ms. */
  readonly receiveLatencyMs: number
  /** Least delay that it wants for what it sends, ms. */
  readonly sendLatencyMs: number
  readonly #host: RequestHost

  /** @internal */
  constructor(
    host: RequestHost,
    facts: Pick<
      SrtRequest,
      'peer' | 'streamId' | 'isEncrypted' | 'peerVersion' | 'receiveLatencyMs' | 'sendLatencyMs'
    >,
  ) {
    this.#host = host
    this.peer = facts.peer
    this.streamId = facts.streamId
    this.isEncrypted = facts.isEncrypted
    this.peerVersion = facts.peerVersion
    this.receiveLatencyMs = facts.receiveLatencyMs
    this.sendLatencyMs = facts.sendLatencyMs
  }

  /**
   * Judges passphrase and latency, so that nothing is made ready for a caller that is refused for them: after the decision, for a caller that
   * may not come shall see why.
   * @param options - options of the connection; the listener's if they do not say otherwise.
   * @returns whether {@link SrtRequest.accept}, which has these options then, may follow; if not, the caller has been refused or is not waiting any more.
   * @throws RangeError for options out of their range.
   */
  prepare(options: SrtSessionOptions = {}): boolean {
    return this.#host.prepare(this, options)
  }

  /**
   * Accepts the caller.
   * @param options - as for {@link SrtRequest.prepare}, which comes first if it has not been called.
   * @returns the connection; `undefined` if the caller has been refused after all (passphrase, latency, `maxConnections`), or is not
   * waiting any more.
   * @throws RangeError for options out of their range.
   */
  accept(options: SrtSessionOptions = {}): SrtSession | undefined {
    return this.#host.accept(this, options)
  }

  /** Refuses the caller. @param reason - as on the wire; one of `SRT_REJECTION`, or 3000 and more for reasons of your own. */
  reject(reason: number): void {
    this.#host.reject(this, reason)
  }
}
