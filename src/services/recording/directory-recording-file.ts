/**
 * One recording in a directory, from its temporary name to its own.
 *
 * @module
 */
import type { Stats } from 'node:fs'
import { type FileHandle, link, lstat, rename, rm, unlink } from 'node:fs/promises'
import type { RecordingFile, RecordingReplacement } from './recording-store.ts'

/** How many names are tried for one file. */
export const MAX_NUMBER = 10_000

/** What a file needs of its directory. */
interface Directory {
  /** Path of a key. @throws RangeError if the key leads out of the directory. */
  pathOf(key: string): string
  /** The same path, as reported to others. */
  shownPathOf(key: string): string
  /** Path of a key while this process writes it. */
  temporaryPathOf(key: string): string
  /** Opens a new file of the same key. */
  openCopy(path: string): Promise<DirectoryRecordingFile>
}

/** A file with a temporary name. */
export class DirectoryRecordingFile implements RecordingFile {
  /** {@inheritDoc RecordingFile.key} */
  readonly key: string
  readonly #handle: FileHandle
  readonly #directory: Directory
  /** Its current path: the temporary name. */
  #path: string
  #length: number
  #closed: boolean

  /** Takes over `handle`, of a file with `length` bytes. */
  constructor(key: string, path: string, handle: FileHandle, length: number, directory: Directory) {
    this.key = key
    this.#path = path
    this.#handle = handle
    this.#length = length
    this.#directory = directory
    this.#closed = false
  }

  /** {@inheritDoc RecordingFile.length} */
  get length(): number {
    return this.#length
  }

  /** {@inheritDoc RecordingFile.append} */
  async append(bytes: Uint8Array): Promise<void> {
    await this.overwrite(this.#length, bytes)
    this.#length += bytes.length
  }

  /** {@inheritDoc RecordingFile.overwrite} */
  async overwrite(offset: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, offset + done)
      done += bytesWritten
    }
  }

  /** {@inheritDoc RecordingFile.read} */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(length, Math.max(0, this.#length - offset)))
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, offset + done)
      if (bytesRead === 0) return bytes.subarray(0, done)
      done += bytesRead
    }
    return bytes
  }

  /** {@inheritDoc RecordingFile.truncate} */
  async truncate(length: number): Promise<void> {
    await this.#handle.truncate(length)
    this.#length = length
  }

  /** {@inheritDoc RecordingFile.finish} */
  async finish(): Promise<string> {
    await this.#handle.sync()
    await this.#claim()
    const key = await this.#takeName()
    await this.close()
    return this.#directory.shownPathOf(key)
  }

  /** {@inheritDoc RecordingFile.replacement} */
  async replacement(): Promise<RecordingReplacement> {
    const copy = await this.#directory.openCopy(this.#path.replace(/tmp$/, 'copy.tmp'))
    return {
      append: (bytes) => copy.append(bytes),
      finish: () => copy.#finishInPlaceOf(this),
      discard: () => copy.discard(),
    }
  }

  /** {@inheritDoc RecordingFile.close} */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#handle.close()
  }

  /** {@inheritDoc RecordingFile.discard} */
  async discard(): Promise<void> {
    try {
      await unlink(this.#path)
    } finally {
      await this.close()
    }
  }

  /**
   * Gives this copy the name of `original`, which is removed. A crash in between leaves a link that shows it.
   */
  async #finishInPlaceOf(original: DirectoryRecordingFile): Promise<string> {
    await this.#handle.sync()
    await original.#claim()
    const key = await this.#takeName(() => rm(original.#path, { force: true }))
    await Promise.all([this.close(), original.close()])
    return this.#directory.shownPathOf(key)
  }

  /** Of two processes that find an unfinished file, one takes it over and the other no longer sees it. */
  async #claim(): Promise<void> {
    for (let number = 0; number < MAX_NUMBER; number++) {
      const own = this.#directory.temporaryPathOf(withNumber(this.key, number))
      if (own === this.#path) return
      if ((await lstatOf(own)) !== undefined) continue
      await rename(this.#path, own)
      this.#path = own
      return
    }
  }

  /**
   * A link fails if the file exists; a rename would overwrite it.
   * @param whenNamed - runs while the file has both names.
   * @returns the key that was free.
   */
  async #takeName(whenNamed?: () => Promise<void>): Promise<string> {
    for (let number = 0; number < MAX_NUMBER; number++) {
      const key = withNumber(this.key, number)
      const path = this.#directory.pathOf(key)
      try {
        await link(this.#path, path)
      } catch (error) {
        if (codeOf(error) === 'EEXIST' || (await lstatOf(path)) !== undefined) continue
        // File systems without links: FAT, some network shares.
        await rename(this.#path, path)
        await whenNamed?.()
        return key
      }
      await whenNamed?.()
      await unlink(this.#path)
      return key
    }
    throw new RangeError(`there are ${MAX_NUMBER} recordings ${this.key}`)
  }
}

/** `show.flv`, `show-1.flv`, `show-2.flv` … */
export function withNumber(key: string, number: number): string {
  return number === 0 ? key : key.replace(/(?=\.\w+$)/, `-${number}`)
}

/** What is at `path`, links not followed; `undefined` for nothing. */
export async function lstatOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The system's code of an error. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
