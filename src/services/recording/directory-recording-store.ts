/**
 * Recordings in a directory.
 *
 * @module
 */
import { constants, type Dirent } from 'node:fs'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import {
  codeOf,
  DirectoryRecordingFile,
  lstatOf,
  MAX_NUMBER,
  withNumber,
} from './directory-recording-file.ts'
import { isComparableStart, processStart } from './process-start.ts'
import type { RecordingFile, RecordingStore, RecoveryWitness } from './recording-store.ts'

/**
 * `show.flv.4711-2gk_1f0c9a3e.tmp`: the name that the file will have, the id of the process that writes it,
 * and when that began; `….copy.tmp` is to take its place.
 */
const UNFINISHED = /^(.+\.(?:flv|mp4))\.(\d+)-(\w+)(\.copy)?\.tmp$/i

/** Suffix of a copy, after the name of its original. */
const COPY = /\.copy\.tmp$/

/** An unfinished file. */
interface Unfinished {
  readonly key: string
  readonly path: string
  readonly isCopy: boolean
}

/**
 * Keeps recordings in a directory. A file that is being written has the suffix `.PROCESS.tmp`, and loses it
 * when it is finished. What is there is never written over: a file whose name is taken becomes `show-1.flv`,
 * `show-2.flv`. Any number of stores and processes of one machine may have the same directory; containers
 * with process ids of their own may not.
 *
 * The bytes of a finished file are on the disk (fsync) before it has its name. While it is written nothing is
 * forced to the disk: when the process ends, what was written is there; a power cut costs what the system has
 * not written back.
 *
 * Symbolic links to folders are the operator's: recordings are written through them, but not searched in
 * them. Nothing is written through a link that has the name of a file.
 */
export class DirectoryRecordingStore implements RecordingStore {
  readonly #root: string
  /** As it was given: callbacks get paths that are as relative as the configuration. */
  readonly #shownRoot: string
  /** Id and start of this process. The id by itself repeats: in a container it is always the same. */
  readonly #process: string

  /** @param root - made when the first file is. */
  constructor(root: string) {
    this.#root = resolve(root)
    this.#shownRoot = root
    const start = processStart(process.pid) ?? Math.round(performance.timeOrigin).toString(36)
    this.#process = `${process.pid}-${start}`
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
  async unfinished(witness?: RecoveryWitness): Promise<readonly string[]> {
    const files = await this.#leftBehind(witness)
    const done = new Set<string>()
    for (const { key, path, isCopy } of files) {
      try {
        // The process ended just as the file got its name. A copy that has one also stands for what it is a
        // copy of.
        const isNamed = await hasName(path)
        if (!isNamed && !isCopy) continue
        const reason = isNamed ? 'it has its name already' : 'a copy that was not ready'
        for (const one of isNamed ? [path, path.replace(COPY, '.tmp')] : [path]) {
          done.add(one)
          await rm(one, { force: true })
        }
        witness?.removed(key, reason)
      } catch (error) {
        done.add(path)
        witness?.failed(key, error as Error)
      }
    }
    return files.flatMap(({ key, path }) => (done.has(path) ? [] : [key])).toSorted()
  }

  /** {@inheritDoc RecordingStore.reopen} */
  async reopen(key: string): Promise<RecordingFile> {
    const folder = join(this.#root, posix.dirname(key))
    const files = (await entriesOf(folder)).flatMap((entry) => this.#leftOver(entry) ?? [])
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

  /**
   * Unfinished files of processes that are gone. A folder that cannot be read, such as `lost+found`, costs
   * only what is in it.
   */
  async #leftBehind(witness: RecoveryWitness | undefined): Promise<Unfinished[]> {
    const found: Unfinished[] = []
    const folders = [this.#root]
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      try {
        for (const entry of await entriesOf(folder)) {
          const file = this.#leftOver(entry)
          if (entry.isDirectory()) folders.push(join(folder, entry.name))
          else if (file !== undefined) found.push(file)
        }
      } catch (error) {
        if (folder === this.#root) throw error
        witness?.failed(this.#keyOf(folder), error as Error)
      }
    }
    return found
  }

  /** What `entry` is, if it is an unfinished file of a process that is gone. */
  #leftOver(entry: Dirent): Unfinished | undefined {
    const [, name, pid, start, copy] = UNFINISHED.exec(entry.name) ?? []
    if (name === undefined || !entry.isFile() || this.#isRunning(Number(pid), start!)) return undefined
    const key = this.#keyOf(join(entry.parentPath, name))
    return { key, path: join(entry.parentPath, entry.name), isCopy: copy !== undefined }
  }

  #keyOf(path: string): string {
    return relative(this.#root, path).replaceAll(sep, '/')
  }

  /**
   * Whether this very process still runs; one in another container counts as gone. If the system reports no
   * start of processes, one of the same id counts as the same.
   */
  #isRunning(pid: number, start: string): boolean {
    if (pid === process.pid) return this.#process === `${pid}-${start}`
    const present = isComparableStart(start) ? processStart(pid) : undefined
    return present === undefined ? isTaken(pid) : present === start
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

/** Whether a process has this id. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Whether a finished recording is the same file under another name. */
async function hasName(path: string): Promise<boolean> {
  const stats = await lstatOf(path)
  if (stats === undefined || stats.nlink === 1) return false
  for (const { name, parentPath } of await entriesOf(dirname(path))) {
    if (!/\.(?:flv|mp4)$/i.test(name)) continue
    const other = await lstatOf(join(parentPath, name))
    if (other?.ino === stats.ino && other.dev === stats.dev) return true
  }
  return false
}
