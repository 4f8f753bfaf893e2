/**
 * A store that answers in time or has failed: a disk or a network share may also hang.
 *
 * @module
 */
import { LimitError } from '../../errors/index.ts'
import type { Clock } from '../../hub/index.ts'
import { inTime } from '../in-time.ts'
import type {
  RecordingFile,
  RecordingReplacement,
  RecordingStore,
  RecoveryWitness,
} from './recording-store.ts'

/** Finishing forces everything to the disk, which may be gigabytes: it gets so much more time. */
const FINISH_FACTOR = 20

/** Puts a deadline on every operation of a store and its files. */
export class DeadlineStore implements RecordingStore {
  readonly #store: RecordingStore
  readonly #timeoutMs: number
  readonly #clock: Clock

  /** Totals of `store`. */
  constructor(store: RecordingStore, timeoutMs: number, clock: Clock) {
    this.#store = store
    this.#timeoutMs = timeoutMs
    this.#clock = clock
  }

  /** {@inheritDoc RecordingStore.create} */
  async create(key: string): Promise<RecordingFile> {
    const creating = this.#store.create(key)
    try {
      return this.#file(await this.#inTime(creating, `create ${key}`))
    } catch (error) {
      // A file that comes too late is nobody's.
      creating.then((file) => file.discard()).catch(() => undefined)
      throw error
    }
  }

  /** {@inheritDoc RecordingStore.unfinished} */
  unfinished(witness?: RecoveryWitness): Promise<readonly string[]> {
    return this.#inTime(this.#store.unfinished(witness), 'list unfinished files', FINISH_FACTOR)
  }

  /** {@inheritDoc RecordingStore.reopen} */
  async reopen(key: string): Promise<RecordingFile> {
    return this.#file(await this.#inTime(this.#store.reopen(key), `open ${key}`))
  }

  #file(file: RecordingFile): RecordingFile {
    const { key } = file
    return {
      key,
      get length() {
        return file.length
      },
      append: (bytes) => this.#inTime(file.append(bytes), `write to ${key}`),
      overwrite: (offset, bytes) => this.#inTime(file.overwrite(offset, bytes), `write to ${key}`),
      read: (offset, length) => this.#inTime(file.read(offset, length), `read ${key}`),
      truncate: (length) => this.#inTime(file.truncate(length), `cut off ${key}`),
      finish: () => this.#inTime(file.finish(), `finish ${key}`, FINISH_FACTOR),
      replacement: async () => this.#replacement(await this.#inTime(file.replacement(), `copy ${key}`), key),
      close: () => this.#inTime(file.close(), `close ${key}`),
      discard: () => this.#inTime(file.discard(), `remove ${key}`),
    }
  }

  #replacement(copy: RecordingReplacement, key: string): RecordingReplacement {
    return {
      append: (bytes) => this.#inTime(copy.append(bytes), `write to the copy of ${key}`),
      finish: () => this.#inTime(copy.finish(), `finish ${key}`, FINISH_FACTOR),
      discard: () => this.#inTime(copy.discard(), `remove the copy of ${key}`),
    }
  }

  async #inTime<Result>(operation: Promise<Result>, what: string, factor = 1): Promise<Result> {
    const timeoutMs = this.#timeoutMs * factor
    const late = (): Error =>
      new LimitError('ERR_RECORDING_TIMEOUT', `to ${what} took more than ${timeoutMs} ms`)
    return await inTime(operation, this.#clock, timeoutMs, late)
  }
}
