/**
 * What can be started and stopped on a stream by name: a recorder, a relay, whatever an application registers.
 *
 * @module
 */
import type { Source } from '../../hub/index.ts'

/** A stream that a service is started on. */
export interface ServiceTarget {
  /** Name of its virtual host. */
  readonly vhost: string
  /** The stream. */
  readonly source: Source
}

/** What a service tells of itself: a JSON object without secrets, made when asked. */
export type ServiceInfo = Readonly<Record<string, unknown>>

/** Something that works beside the streams, or on all of them: what it has done and does can be read. */
export interface ListedService {
  /** What it does, for operators. */
  readonly description: string
  /** What it does now and did lately: a file, a worker, a target. The service bounds its number. @defaultValue nothing */
  list?(): readonly ServiceInfo[]
}

/** A service that is started and stopped on a stream. */
export interface StreamService extends ListedService {
  /** Whether it runs on this stream. */
  isRunning(target: ServiceTarget): boolean
  /**
   * Starts it on a stream where it does not run.
   * @param options - the JSON that the caller sent, untrusted; `undefined` for none.
   * @throws TypeError for wrong options (400 for the caller); any other error is 500, and its text is for the log alone.
   */
  start(target: ServiceTarget, options: unknown): void | Promise<void>
  /** Ends it on a stream where it runs. */
  stop(target: ServiceTarget): void | Promise<void>
  /** How it goes on a stream, `undefined` for nothing to tell. @defaultValue nothing */
  status?(target: ServiceTarget): ServiceInfo | undefined
}

/** Whether it is started and stopped on streams. */
export function isStreamService(service: ListedService): service is StreamService {
  return 'isRunning' in service
}

/** Services by name. */
export class StreamServices {
  readonly #services: Map<string, ListedService>

  /** None yet. */
  constructor() {
    this.#services = new Map()
  }

  /**
   * Makes a service known.
   * @param name - letters, digits, `.`, `_` and `-`.
   * @returns makes it unknown again; where it runs it goes on.
   * @throws TypeError for a name with other characters or one that is taken.
   */
  register(name: string, service: ListedService | StreamService): () => void {
    if (!/^[\w.-]+$/.test(name)) throw new TypeError(`${name} is not a valid service name`)
    if (this.#services.has(name)) throw new TypeError(`a service ${name} is already registered`)
    this.#services.set(name, service)
    return () => {
      if (this.#services.get(name) === service) this.#services.delete(name)
    }
  }

  /** The service of this name. */
  get(name: string): ListedService | undefined {
    return this.#services.get(name)
  }

  /** All of them, in order of their registration. */
  entries(): IterableIterator<[name: string, service: ListedService]> {
    return this.#services.entries()
  }
}
