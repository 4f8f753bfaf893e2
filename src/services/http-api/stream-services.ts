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

/** A service by the name that it is registered under. */
export interface StreamService {
  /** What it does, for operators. */
  readonly description: string
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
}

/** Services by name. */
export class StreamServices {
  readonly #services: Map<string, StreamService>

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
  register(name: string, service: StreamService): () => void {
    if (!/^[\w.-]+$/.test(name)) throw new TypeError(`${name} is no name for a service`)
    if (this.#services.has(name)) throw new TypeError(`there is a service ${name} already`)
    this.#services.set(name, service)
    return () => {
      if (this.#services.get(name) === service) this.#services.delete(name)
    }
  }

  /** The service of this name. */
  get(name: string): StreamService | undefined {
    return this.#services.get(name)
  }

  /** All of them, in order of their registration. */
  entries(): IterableIterator<[name: string, service: StreamService]> {
    return this.#services.entries()
  }
}
