/** Recordings in memory, on a disk of a certain size that can hang. */
import type { RecordingFile, RecordingReplacement, RecordingStore } from 'millrace/services/recording'

function noSpace(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}

export class MemoryStore implements RecordingStore {
  /** Whole files. */
  readonly files = new Map<string, Uint8Array>()
  /** Files that are being written, or were when the process was killed. */
  readonly temporary = new Map<string, MemoryFile>()
  /** Bytes that the disk holds, those of finished files too. */
  quota = Infinity
  /** Operations wait until {@link MemoryStore.resume}. */
  #gate: Promise<void> | undefined
  #open: (() => void) | undefined
  appends = 0

  get used(): number {
    let bytes = 0
    for (const file of this.files.values()) bytes += file.length
    for (const file of this.temporary.values()) bytes += file.used
    return bytes
  }

  hang(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  resume(): void {
    this.#open?.()
    this.#gate = undefined
  }

  async gate(): Promise<void> {
    await this.#gate
  }

  async create(key: string): Promise<RecordingFile> {
    await this.gate()
    if (this.quota === 0) throw noSpace()
    for (let number = 0; ; number++) {
      const name = number === 0 ? key : key.replace(/(?=\.\w+$)/, `-${number}`)
      if (this.files.has(name) || this.temporary.has(name)) continue
      const file = new MemoryFile(this, name)
      this.temporary.set(name, file)
      return file
    }
  }

  async unfinished(): Promise<readonly string[]> {
    await this.gate()
    return Array.from(this.temporary.values()).flatMap(({ key, closed }) => (closed ? [key] : []))
  }

  async reopen(key: string): Promise<RecordingFile> {
    await this.gate()
    const file = this.temporary.get(key)
    if (file === undefined) throw new RangeError(`there is no ${key}`)
    file.closed = false
    return file
  }

  /** The process was killed: all that was written is there, nothing more. */
  crash(): void {
    for (const file of this.temporary.values()) file.closed = true
  }
}

class MemoryFile implements RecordingFile {
  readonly key: string
  readonly #store: MemoryStore
  #bytes: Uint8Array = new Uint8Array(0)
  #copy: Uint8Array = new Uint8Array(0)
  length = 0
  closed = false

  constructor(store: MemoryStore, key: string) {
    this.#store = store
    this.key = key
  }

  get used(): number {
    return this.#bytes.length + this.#copy.length
  }

  /** What is there, beyond what was confirmed. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  set bytes(bytes: Uint8Array) {
    this.#bytes = bytes
    this.length = bytes.length
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#store.gate()
    this.#store.appends++
    const room = Math.max(0, this.#store.quota - this.#store.used)
    // A disk that fills takes what fits.
    this.#bytes = joined(this.#bytes.subarray(0, this.length), bytes.subarray(0, room))
    if (room < bytes.length) throw noSpace()
    this.length = this.#bytes.length
  }

  async overwrite(offset: number, bytes: Uint8Array): Promise<void> {
    await this.#store.gate()
    if (offset + bytes.length > this.length) throw new RangeError('beyond the end')
    this.#bytes.set(bytes, offset)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    await this.#store.gate()
    return this.#bytes.slice(offset, Math.min(this.length, offset + length))
  }

  async truncate(length: number): Promise<void> {
    await this.#store.gate()
    this.bytes = this.#bytes.slice(0, length)
  }

  async finish(): Promise<string> {
    await this.#store.gate()
    this.closed = true
    this.#store.temporary.delete(this.key)
    this.#store.files.set(this.key, this.#bytes)
    return `memory:${this.key}`
  }

  async replacement(): Promise<RecordingReplacement> {
    await this.#store.gate()
    this.#copy = new Uint8Array(0)
    return {
      append: async (bytes) => {
        await this.#store.gate()
        if (this.#store.used + bytes.length > this.#store.quota) throw noSpace()
        this.#copy = joined(this.#copy, bytes)
      },
      finish: () => {
        this.bytes = this.#copy
        this.#copy = new Uint8Array(0)
        return this.finish()
      },
      discard: async () => {
        await this.#store.gate()
        this.#copy = new Uint8Array(0)
      },
    }
  }

  async close(): Promise<void> {
    await this.#store.gate()
    this.closed = true
  }

  async discard(): Promise<void> {
    await this.close()
    this.#store.temporary.delete(this.key)
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}
