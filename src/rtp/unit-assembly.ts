/**
 * An access unit that comes in parts: NAL units, OBUs or pieces of a frame, some of them in fragments over several packets.
 *
 * @module
 */
import { concatBytes } from '../bytes/index.ts'

/** NAL units or OBUs of one access unit: each costs a view. */
const MAX_PARTS = 16_384

/** Collects the parts of one access unit after the other, and knows whether one is missing. */
export class UnitAssembly {
  readonly #maxBytes: number
  #timestamp: number
  #parts: Uint8Array[]
  #fragments: Uint8Array[] | undefined
  #bytes: number
  #broken: boolean
  #lost: boolean
  /** Units that were thrown away. */
  damagedCount: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#timestamp = -1
    this.#parts = []
    this.#fragments = undefined
    this.#bytes = 0
    this.#broken = false
    this.#lost = false
    this.damagedCount = 0
  }

  /** Timestamp of the unit that is being collected, −1 for none. */
  get timestamp(): number {
    return this.#timestamp
  }

  /** Whether anything of a unit is there. */
  get active(): boolean {
    return this.#timestamp >= 0
  }

  /** Begins the unit of a packet, if it is not that of the one before. */
  begin(timestamp: number): void {
    this.#timestamp = timestamp
  }

  /** Packets are missing: before the unit if none is active, else in it, which is worthless then. */
  lose(): void {
    this.#lost = true
    if (this.active) this.spoil()
  }

  /** The unit cannot be whole any more. */
  spoil(): void {
    this.#broken = true
  }

  /** Adds a whole part. */
  add(part: Uint8Array): void {
    if (this.#fragments !== undefined) this.spoil() // its last fragment is missing
    this.#fragments = undefined
    this.#count(part)
    if (!this.#broken) this.#parts.push(part)
  }

  /** Adds a fragment of a part: `first` opens it, `last` ends it. */
  addFragment(fragment: Uint8Array, first: boolean, last: boolean): void {
    if (first !== (this.#fragments === undefined)) this.spoil()
    this.#count(fragment)
    const fragments = first ? [] : (this.#fragments ?? [])
    this.#fragments = last ? undefined : fragments
    if (this.#broken) return
    fragments.push(fragment)
    if (last) this.#parts.push(concatBytes(fragments))
  }

  /** Ends the unit. @returns its parts and whether media is missing before it; `undefined` for a unit that is not whole. */
  end():
    | { readonly timestamp: number; readonly parts: readonly Uint8Array[]; readonly lost: boolean }
    | undefined {
    const parts = this.#parts
    const timestamp = this.#timestamp
    const whole = !this.#broken && this.#fragments === undefined && parts.length > 0
    const lost = this.#lost
    this.#timestamp = -1
    this.#parts = []
    this.#fragments = undefined
    this.#bytes = 0
    if (!whole) {
      if (this.#broken || this.#lost || parts.length > 0) this.damagedCount++
      this.#broken = false
      this.#lost = true
      return undefined
    }
    this.#lost = false
    return { timestamp, parts, lost }
  }

  #count(part: Uint8Array): void {
    this.#bytes += part.length
    if (this.#bytes <= this.#maxBytes && this.#parts.length < MAX_PARTS) return
    this.spoil()
    this.#parts = []
    this.#fragments = this.#fragments && []
  }
}
