/**
 * Recordings in a directory.
 *
 * @module
 */
import { constants, type Dirent } from 'node:fs'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { dirname, join, posix, resolve, sep } from 'node:path'
import {
  codeOf,
  DirectoryRecordingFile,
  lstatOf,
  MAX_NUMBER,
  withNumber,
} from './directory-recording-file.ts'
import type { RecordingFile, RecordingStore } from './recording-store.ts'

/**
 * `show.flv.4711-m9x2.tmp`: the name that the file will have, the id of the process that writes it, and when that began; `….copy.tmp` is
 * to take its place.
 */
const UNFINISHED = /^(.+\.(?:flv|mp4))\.(\d+)-(\w+)(\.copy)?\.tmp$/i

/** What a copy has behind the name of its original. */
const COPY = /\.copy\.tmp$/

/** An unfinished file. */
interface Unfinished {
  readonly key: string
  readonly path: string
  readonly isCopy: boolean
}

/**
 * Keeps recordings in a directory. A file that is being written has `.PROCESS.tmp` behind its name, and loses it when it is whole. What is
 * there is never written over: a file whose name is taken becomes `show-1.flv`, `show-2.flv`. Any number of stores and processes of one
 * machine may have the same directory; containers with process ids of their own may not.
 *
 * The bytes of a finished file are on the disk (fsync) before it has its name. While it is written nothing is forced to the disk: when the
 * process ends, what was written is there; a power cut costs what the system has not written back.
 *
 * Symbolic links to folders are the operator's: recordings are written through them, but not looked for behind them. Nothing is written
 * through a link that has the name of a file.
 */
export class DirectoryRecordingStore implements RecordingStore {
  readonly #root: string
  /** As it was given: what callbacks are told is as relative as the configuration. */
  readonly #shownRoot: string
  /** Id and start of this process. The id alone comes again: in a container it is always the same. */
  readonly #process: string

  /** @param root - made when the first file is. */
  constructor(root: string) {
    this.#root = resolve(root)
    this.#shownRoot = root
    this.#process = `${process.pid}-${Math.round(performance.timeOrigin).toString(36)}`
  }

  /** {@inheritDoc RecordingStore.create} */
  async create(key: string): Promise<RecordingFile> {
    for (let number = 0; number < MAX_NUMBER; number++) {
      const numbered = withNumber(key, number)
      if ((await lstatOf(this.#path(numbered))) !== undefined) continue
      const temporary = this.#temporaryPath(numbered)
      try {
        return await this.#open(numbered, temporary, 'wx+')
      } catch (error) {
        if (codeOf(error) === 'EEXIST') continue
        if (codeOf(error) !== 'ENOENT') throw error
      }
      await mkdir(dirname(temporary), { recursive: true })
      return this.#open(numbered, temporary, 'wx+')
    }
    throw new RangeError(`there are ${MAX_NUMBER} recordings ${key}`)
  }

  /** Files of a process that still runs are left out. Copies of MP4 files that were not ready are removed. */
  async unfinished(): Promise<readonly string[]> {
    const files = await this.#leftBehind()
    const done = new Set<string>()
    for (const { path, isCopy } of files) {
      // The process ended just as the file got its name. A copy that has one also stands for what it is a copy of.
      if (await hasName(path)) done.add(path).add(path.replace(COPY, '.tmp'))
      else if (isCopy) done.add(path)
    }
    for (const path of done) await rm(path, { force: true })
    return files.flatMap(({ key, path }) => (done.has(path) ? [] : [key])).toSorted()
  }

  /** {@inheritDoc RecordingStore.reopen} */
  async reopen(key: string): Promise<RecordingFile> {
    const files = await this.#leftBehind(posix.dirname(key))
    const found = files.find((file) => file.key === key && !file.isCopy)
    if (found === undefined) throw new RangeError(`there is no unfinished recording ${key}`)
    return this.#open(key, found.path, constants.O_RDWR | constants.O_NOFOLLOW)
  }

  async #open(key: string, path: string, flags: string | number): Promise<DirectoryRecordingFile> {
    const handle = await open(path, flags)
    const { size } = await handle.stat()
    return new DirectoryRecordingFile(key, path, handle, size, {
      pathOf: (name) => this.#path(name),
      shownPathOf: (name) => join(this.#shownRoot, name),
      temporaryPathOf: (name) => this.#temporaryPath(name),
      openCopy: (copy) => this.#open(key, copy, 'wx+'),
    })
  }

  /** Unfinished files of processes that are gone, in all folders or one. */
  async #leftBehind(folder?: string): Promise<Unfinished[]> {
    const found: Unfinished[] = []
    const base = folder === undefined ? this.#root : join(this.#root, folder)
    for (const entry of await entriesOf(base, folder === undefined)) {
      const [, name, pid, start, copy] = UNFINISHED.exec(entry.name) ?? []
      if (name === undefined || !entry.isFile() || this.#isRunning(Number(pid), start!)) continue
      const path = join(entry.parentPath, entry.name)
      const key = join(entry.parentPath, name)
        .slice(this.#root.length + 1)
        .replaceAll(sep, '/')
      found.push({ key, path, isCopy: copy !== undefined })
    }
    return found
  }

  /** Whether there is such a process on this machine; one in another container counts as gone. */
  #isRunning(pid: number, start: string): boolean {
    if (pid === process.pid) return this.#process === `${pid}-${start}`
    try {
      process.kill(pid, 0)
      return true
    } catch (error) {
      return codeOf(error) === 'EPERM'
    }
  }

  #temporaryPath(key: string): string {
    return `${this.#path(key)}.${this.#process}.tmp`
  }

  #path(key: string): string {
    const path = join(this.#root, key)
    const within = this.#root.endsWith(sep) ? this.#root : this.#root + sep
    if (!path.startsWith(within) || path === within) throw new RangeError(`the key ${key} leaves the store`)
    return path
  }
}

async function entriesOf(folder: string, recursive: boolean): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true, recursive })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Whether a finished recording is the same file under another name. */
async function hasName(path: string): Promise<boolean> {
  const stats = await lstatOf(path)
  if (stats === undefined || stats.nlink === 1) return false
  for (const { name, parentPath } of await entriesOf(dirname(path), false)) {
    if (!/\.(?:flv|mp4)$/i.test(name)) continue
    const other = await lstatOf(join(parentPath, name))
    if (other?.ino === stats.ino && other.dev === stats.dev) return true
  }
  return false
}
