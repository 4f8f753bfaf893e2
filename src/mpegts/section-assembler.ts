/**
 * PSI sections from the payloads of one PID. ISO/IEC 13818-1 §2.4.4.
 *
 * A payload that opens a section begins with pointer_field: how many bytes still belong to the section
 * before. Sections follow each other until 0xff, which is stuffing.
 *
 * @module
 */

/** section_length has 12 bits. */
const MAX_SECTION_BYTES = 4096 + 2

/** Collects one section at a time. */
export class SectionAssembler {
  readonly #deliver: (section: Uint8Array) => void
  readonly #bytes: Uint8Array
  #length: number
  #active: boolean

  /** @param deliver - receives each complete section; a view that is valid during the call. */
  constructor(deliver: (section: Uint8Array) => void) {
    this.#deliver = deliver
    this.#bytes = new Uint8Array(MAX_SECTION_BYTES)
    this.#length = 0
    this.#active = false
  }

  /** A packet was lost: what is there of a section is worthless. */
  reset(): void {
    this.#length = 0
    this.#active = false
  }

  /** Takes the payload `bytes[start, end)` of one TS packet. */
  push(bytes: Uint8Array, start: number, end: number, unitStart: boolean): void {
    if (!unitStart) {
      if (this.#active) this.#append(bytes, start, end)
      return
    }
    const pointer = start + 1 + bytes[start]! // pointer_field
    if (pointer > end) {
      this.reset()
      return
    }
    if (this.#active) this.#append(bytes, start + 1, pointer)
    this.reset()
    this.#active = true
    this.#append(bytes, pointer, end)
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end) {
      if (this.#length === 0 && bytes[at] === 0xff) {
        this.#active = false // stuffing to the end of the packet
        return
      }
      const wanted = this.#length < 3 ? 3 : this.#sectionBytes()
      const take = Math.min(wanted - this.#length, end - at)
      this.#bytes.set(bytes.subarray(at, at + take), this.#length)
      this.#length += take
      at += take
      if (this.#length >= 3 && this.#length === this.#sectionBytes()) {
        const section = this.#bytes.subarray(0, this.#length)
        this.#length = 0
        this.#deliver(section)
      }
    }
  }

  /** 3 bytes of header and section_length. */
  #sectionBytes(): number {
    return 3 + (((this.#bytes[1]! & 0x0f) << 8) | this.#bytes[2]!)
  }
}
