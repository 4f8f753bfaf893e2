/**
 * Where segments and playlists are kept: memory, a directory, or anything of the caller's that can put, get and delete.
 *
 * @module
 */
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** Keeps files by key. Keys are relative paths with forward slashes, such as `live/show/12.ts`. */
export interface SegmentStore {
  /** Stores `bytes` under `key`, whole or not at all: a reader never sees half of it. `bytes` is not written to afterwards. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** What is stored under `key`, or `undefined`. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Removes `key`; harmless when it is not there. */
  delete(key: string): Promise<void>
  /**
   * Keys of all files below `folder`, in any order; none when it is not there. Asked when a stream is packaged, to remove segments that a
   * process has left which was killed. A store without it keeps them.
   */
  list?(folder: string): Promise<readonly string[]>
}

/** Keeps everything in memory. Its size is that of the playlists' windows: whoever puts also deletes. */
export class MemorySegmentStore implements SegmentStore {
  readonly #files: Map<string, Uint8Array>
  #bytes: number

  constructor() {
    this.#files = new Map()
    this.#bytes = 0
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes
  }

  /** Files held. */
  get size(): number {
    return this.#files.size
  }

  /** {@inheritDoc SegmentStore.put} */
  put(key: string, bytes: Uint8Array): Promise<void> {
    this.#bytes += bytes.length - (this.#files.get(key)?.length ?? 0)
    this.#files.set(key, bytes)
    return Promise.resolve()
  }

  /** {@inheritDoc SegmentStore.get} */
  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#files.get(key))
  }

  /** {@inheritDoc SegmentStore.delete} */
  delete(key: string): Promise<void> {
    this.#bytes -= this.#files.get(key)?.length ?? 0
    this.#files.delete(key)
    return Promise.resolve()
  }
}

/** How often a put begins again when a folder goes away under it. */
const PUT_ATTEMPTS = 20

/**
 * Keeps files in a directory, for a web server or a sync job beside this process. What a process has left that was killed is removed when
 * the stream is packaged again; of streams that are never again, it stays: empty the directory before a start where names of streams are
 * used once.
 */
export class DirectorySegmentStore implements SegmentStore {
  readonly #root: string
  #writes: number

  /** @param root - made when something is put. */
  constructor(root: string) {
    this.#root = resolve(root)
    this.#writes = 0
  }

  /**
   * Writes to a temporary name and renames it.
   * @throws RangeError for a key that would leave the directory; the system's error when the disk refuses.
   */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(key)
    const temporary = `${path}.${process.pid}-${++this.#writes}.tmp`
    for (let attempt = 1; ; attempt++) {
      try {
        await mkdir(dirname(path), { recursive: true })
        await writeFile(temporary, bytes)
        await rename(temporary, path)
        return
      } catch (error) {
        await rm(temporary, { force: true })
        // A delete may have removed a directory that was empty for this moment.
        if (attempt === PUT_ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
  }

  /** {@inheritDoc SegmentStore.get} */
  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#path(key))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** Removes the file, and directories that it leaves empty. */
  async delete(key: string): Promise<void> {
    const path = this.#path(key)
    await rm(path, { force: true })
    for (let folder = dirname(path); folder !== this.#root; folder = dirname(folder)) {
      try {
        await rmdir(folder)
      } catch {
        return
      }
    }
  }

  /** {@inheritDoc SegmentStore.list} */
  async list(folder: string): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.#path(folder), { recursive: true, withFileTypes: true })
      return entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => relative(this.#root, join(parentPath, name)).replaceAll(sep, '/'))
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  #path(key: string): string {
    const path = join(this.#root, key)
    const within = this.#root.endsWith(sep) ? this.#root : this.#root + sep
    if (!path.startsWith(within) || path === within) throw new RangeError(`the key ${key} leaves the store`)
    return path
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR'
}
