/**
 * Memory of an index: millions of samples in a few bytes each.
 *
 * A sample is one variable-length number, its size with three flags, and further ones only where its time
 * step or composition offset is not that of the sample before: 2 bytes for a sample of audio, 3 to 6 for one
 * of video.
 *
 * @module
 */
import { LimitError } from '../errors/index.ts'

/** Bounds the memory of all that belongs to one index. */
export class IndexBudget {
  readonly #maxBytes: number
  #bytes: number

  /** @param maxBytes - bound. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#bytes = 0
  }

  /** Bytes taken. */
  get bytes(): number {
    return this.#bytes
  }

  /** Accounts for memory before it is taken. @throws LimitError `ERR_MP4_INDEX_BYTES` beyond the bound. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new LimitError(
        'ERR_MP4_INDEX_BYTES',
        `an index of ${this.#bytes + bytes} bytes exceeds maxIndexBytes ${this.#maxBytes}`,
      )
    }
    this.#bytes += bytes
  }
}

const FLAG_KEYFRAME = 1
const FLAG_STEP = 2
const FLAG_OFFSET = 4
const PAGE_BYTES = 16_384
/** A size of 32 bits with flags takes 5 bytes, a step 8, an offset 5. */
const MAX_RECORD_BYTES = 24

/** Samples in decode order. */
export class SampleLog {
  readonly #budget: IndexBudget
  readonly #pages: Uint8Array[]
  /** Bytes used of each page. */
  readonly #used: number[]
  #count: number
  #step: number
  #offset: number

  /** @param budget - where the memory is accounted for. */
  constructor(budget: IndexBudget) {
    this.#budget = budget
    this.#pages = []
    this.#used = []
    this.#count = 0
    this.#step = 0
    this.#offset = 0
  }

  /** Samples. */
  get count(): number {
    return this.#count
  }

  /**
   * Adds a sample.
   * @param size - bytes, 32 bits.
   * @param step - decode time minus that of the sample before, in ticks, 0 or more; 0 for the first.
   * @param offset - presentation minus decode time in ticks.
   */
  add(size: number, step: number, offset: number, keyframe: boolean): void {
    let page = this.#pages.at(-1)
    if (page === undefined || this.#used.at(-1)! + MAX_RECORD_BYTES > PAGE_BYTES) {
      this.#budget.take(PAGE_BYTES)
      page = new Uint8Array(PAGE_BYTES)
      this.#pages.push(page)
      this.#used.push(0)
    }
    const newStep = step !== this.#step
    const newOffset = offset !== this.#offset
    const flags = (keyframe ? FLAG_KEYFRAME : 0) + (newStep ? FLAG_STEP : 0) + (newOffset ? FLAG_OFFSET : 0)
    let at = writeVarint(page, this.#used.at(-1)!, size * 8 + flags)
    if (newStep) at = writeVarint(page, at, step)
    if (newOffset) at = writeVarint(page, at, offset >= 0 ? offset * 2 : -offset * 2 - 1)
    this.#used[this.#used.length - 1] = at
    this.#step = step
    this.#offset = offset
    this.#count++
  }

  /** A cursor before the first sample. */
  cursor(): SampleCursor {
    return new SampleCursor(this.#pages, this.#used)
  }
}

/** Reads a {@link SampleLog} from its start. */
export class SampleCursor {
  /** Bytes of the current sample. */
  size: number
  /** Its decode time minus that of the one before, in ticks. */
  step: number
  /** Its presentation minus its decode time in ticks. */
  offset: number
  /** Whether to start at it. */
  keyframe: boolean
  readonly #pages: readonly Uint8Array[]
  readonly #used: readonly number[]
  #page: number
  #at: number

  /** Made by {@link SampleLog.cursor}. */
  constructor(pages: readonly Uint8Array[], used: readonly number[]) {
    this.size = 0
    this.step = 0
    this.offset = 0
    this.keyframe = false
    this.#pages = pages
    this.#used = used
    this.#page = 0
    this.#at = 0
  }

  /** Moves to the next sample; `false` after the last. */
  next(): boolean {
    if (this.#page < this.#used.length && this.#at === this.#used[this.#page]) {
      this.#page++
      this.#at = 0
    }
    if (this.#page >= this.#pages.length) return false
    const head = this.#varint()
    this.size = Math.floor(head / 8)
    const flags = head % 8
    this.keyframe = (flags & FLAG_KEYFRAME) !== 0
    if ((flags & FLAG_STEP) !== 0) this.step = this.#varint()
    if ((flags & FLAG_OFFSET) !== 0) {
      const zigzag = this.#varint()
      this.offset = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    }
    return true
  }

  #varint(): number {
    const page = this.#pages[this.#page]!
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = page[this.#at++]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
}

/** 7 bits a byte, lowest first, the top bit set in all but the last. */
function writeVarint(out: Uint8Array, offset: number, value: number): number {
  let at = offset
  let rest = value
  while (rest >= 0x80) {
    out[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  out[at++] = rest
  return at
}

/** Rows of numbers that grow in one array. */
export class NumberTable {
  readonly #budget: IndexBudget
  readonly #columns: number
  #numbers: Float64Array
  #length: number

  /** @param columns - numbers of a row. */
  constructor(budget: IndexBudget, columns: number) {
    this.#budget = budget
    this.#columns = columns
    this.#numbers = new Float64Array(0)
    this.#length = 0
  }

  /** Rows. */
  get count(): number {
    return this.#length / this.#columns
  }

  /** The number in a row and column that exist. */
  get(row: number, column: number): number {
    return this.#numbers[row * this.#columns + column]!
  }

  /** Adds to the number in a row and column that exist. */
  increase(row: number, column: number, by: number): void {
    const at = row * this.#columns + column
    this.#numbers[at] = this.#numbers[at]! + by
  }

  /** Adds a row. */
  push(...row: readonly number[]): void {
    if (this.#length + row.length > this.#numbers.length) {
      const grown = Math.max(16 * this.#columns, this.#numbers.length * 2)
      this.#budget.take((grown - this.#numbers.length) * 8)
      const numbers = new Float64Array(grown)
      numbers.set(this.#numbers)
      this.#numbers = numbers
    }
    this.#numbers.set(row, this.#length)
    this.#length += row.length
  }
}
