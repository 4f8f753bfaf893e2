/**
 * PES packets from the payloads of one PID. ISO/IEC 13818-1 §2.4.3.6.
 *
 * @module
 */
import { LimitError } from '../errors/index.ts'
import { decodePesHeader, type PesHeader } from './pes-header.ts'

/** Receiver of complete PES packets. */
export type PesSink = (header: PesHeader, payload: Uint8Array, randomAccess: boolean) => void

const FIRST_BYTES = 16_384

/** Collects one PES packet at a time in a buffer that grows to the largest. */
export class PesAssembler {
  readonly #pid: number
  readonly #maxBytes: number
  readonly #deliver: PesSink
  #bytes: Uint8Array
  #length: number
  #active: boolean
  #randomAccess: boolean
  #header: PesHeader | undefined

  /**
   * @param pid - for messages.
   * @param maxBytes - most bytes of one PES packet.
   * @param deliver - receives each complete PES packet; the payload is a view that is valid during the call.
   */
  constructor(pid: number, maxBytes: number, deliver: PesSink) {
    this.#pid = pid
    this.#maxBytes = maxBytes
    this.#deliver = deliver
    this.#bytes = new Uint8Array(0)
    this.#length = 0
    this.#active = false
    this.#randomAccess = false
    this.#header = undefined
  }

  /** Whether a PES packet has begun and is not complete. */
  get active(): boolean {
    return this.#active
  }

  /** Forgets the PES packet that is being collected. */
  reset(): void {
    this.#active = false
    this.#length = 0
    this.#header = undefined
  }

  /**
   * Takes the payload `bytes[start, end)` of one TS packet. One that starts a PES packet takes the place of
   * what was being collected: call {@link finish} before.
   * @returns `false` if this is not a PES packet.
   * @throws LimitError `ERR_TS_PES_SIZE`.
   */
  push(bytes: Uint8Array, start: number, end: number, unitStart: boolean, randomAccess: boolean): boolean {
    if (unitStart) {
      this.reset()
      this.#active = true
      this.#randomAccess = randomAccess
    } else if (!this.#active) return true
    const length = this.#length + end - start
    if (length > this.#maxBytes) {
      throw new LimitError(
        'ERR_TS_PES_SIZE',
        `PES packet on PID ${this.#pid} exceeds maxPesBytes ${this.#maxBytes}`,
      )
    }
    if (length > this.#bytes.length) this.#enlarge(length)
    this.#bytes.set(bytes.subarray(start, end), this.#length)
    this.#length = length
    return this.#check()
  }

  /**
   * Delivers a PES packet of unknown length, which ends where the next begins.
   * @returns `false` if its length says that bytes are missing.
   */
  finish(): boolean {
    if (!this.#active) return true
    const header = this.#header
    const whole = header !== undefined && header.payloadBytes < 0
    if (whole) this.#emit(header, this.#length)
    this.reset()
    return whole
  }

  /** Reads the header as soon as it is there, and ends the packet when its length is reached. */
  #check(): boolean {
    if (this.#header === undefined) {
      const header = decodePesHeader(this.#bytes, this.#length)
      if (header === 'incomplete') return true
      if (header === 'malformed') {
        this.reset()
        return false
      }
      this.#header = header
    }
    const { headerBytes, payloadBytes } = this.#header
    if (payloadBytes >= 0 && this.#length >= headerBytes + payloadBytes) {
      this.#emit(this.#header, headerBytes + payloadBytes)
      this.reset()
    }
    return true
  }

  #emit(header: PesHeader, end: number): void {
    if (end > header.headerBytes) {
      this.#deliver(header, this.#bytes.subarray(header.headerBytes, end), this.#randomAccess)
    }
  }

  #enlarge(needed: number): void {
    const room = Math.min(
      Math.max(needed, this.#bytes.length * 2, FIRST_BYTES),
      Math.max(needed, this.#maxBytes),
    )
    const larger = new Uint8Array(room)
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
