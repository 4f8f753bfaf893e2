/**
 * Viewers that no longer take anything: a pulled cable, a suspended phone, a reader that forgot its stream.
 *
 * @module
 */
import type { Player } from '../../hub/index.ts'
import type { Expiring } from './sweep.ts'

/** Ends a viewer whose transport holds bytes and has completed no write for one to two times the timeout. */
export class StallGuard implements Expiring {
  readonly #player: Player
  readonly #timeoutMs: number
  readonly #onStall: () => void
  #takenBytes: number
  #dueMs: number

  /**
   * @param player - whose sink is watched.
   * @param timeoutMs - 0 never ends it.
   * @param nowMs - the present time.
   * @param onStall - ends it.
   */
  constructor(player: Player, timeoutMs: number, nowMs: number, onStall: () => void) {
    this.#player = player
    this.#timeoutMs = timeoutMs
    this.#onStall = onStall
    this.#takenBytes = 0
    this.#dueMs = nowMs + timeoutMs
  }

  /** {@inheritDoc Expiring.nextTimeoutMs} */
  get nextTimeoutMs(): number | undefined {
    return this.#timeoutMs > 0 ? this.#dueMs : undefined
  }

  /** {@inheritDoc Expiring.handleTimeout} */
  handleTimeout(nowMs: number): void {
    const { sentBytes, queuedBytes } = this.#player.stats()
    const takenBytes = sentBytes - queuedBytes
    // A stream may pause for as long as it likes: without anything queued there is nothing to take.
    if (queuedBytes > 0 && takenBytes === this.#takenBytes) {
      this.#onStall()
      return
    }
    this.#takenBytes = takenBytes
    this.#dueMs = nowMs + this.#timeoutMs
  }
}
