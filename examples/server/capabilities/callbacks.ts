/**
 * The backend that is asked and told: `callbacks`.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { RtmpConnectDecider } from 'millrace/node'
import { type AccessRule } from 'millrace/services/admission'
import { HttpCallbacks } from 'millrace/services/callbacks'
import { ConfigError } from '../config/config.ts'
import type { VhostConfig } from '../config/vhost-sections.ts'
import { withoutUndefined } from '../config/without-undefined.ts'
import type { Capability, VhostContext } from './capability.ts'

/** The callbacks of a virtual host. */
export class Callbacks implements Capability {
  /** @internal */
  readonly authorize: AccessRule
  /** @internal */
  readonly onConnect: RtmpConnectDecider
  readonly #context: VhostContext
  /** Those that are not asked any more, and have the ends of whom they let in still to tell. */
  readonly #retired: HttpCallbacks[]
  /** What {@link Callbacks.current} was made from. */
  #from: readonly unknown[]
  #current: HttpCallbacks | undefined

  constructor(context: VhostContext) {
    this.authorize = (request, signal) => this.#current?.authorize(request, signal) ?? 'abstain'
    this.onConnect = (request, connection, signal) =>
      this.#current?.onConnect(request, connection, signal) ?? { type: 'accept' }
    this.#context = context
    this.#retired = []
    this.#from = []
    this.#current = undefined
  }

  /** Who is asked and told now, for capabilities that have news. */
  get current(): HttpCallbacks | undefined {
    return this.#current
  }

  /** @internal */
  apply({ callbacks, hls }: VhostConfig): void {
    const from = [callbacks, hls?.directory]
    if (isDeepStrictEqual(from, this.#from)) return
    this.#from = from
    if (this.#current !== undefined) this.#retired.push(this.#current)
    this.#current = callbacks === undefined ? undefined : this.#open(callbacks, hls?.directory)
  }

  /** Tells the backend what is left to tell. @internal */
  async close(): Promise<void> {
    const all = this.#current === undefined ? this.#retired : [...this.#retired, this.#current]
    await Promise.all(all.map((callbacks) => callbacks.close()))
  }

  #open(section: NonNullable<VhostConfig['callbacks']>, hlsDirectory: string | undefined): HttpCallbacks {
    const { vhost, identity, log } = this.#context
    const { urls, ca, ...options } = section
    const callbacks = new HttpCallbacks({
      urls,
      identity,
      vhost,
      ...withoutUndefined({ ...options, hlsDirectory, ca: ca && readAuthorities(ca) }),
    })
    // Not the URL: it may have a secret in it.
    callbacks.on('failure', ({ action, attempt, error }) =>
      log.event(
        'callback-failed',
        { vhost, action, attempt, error: error.message },
        `callback ${action} failed, attempt ${attempt}: ${error.message}`,
      ),
    )
    callbacks.on('dropped', (action) =>
      log.event('callback-dropped', { vhost, action }, `callback ${action} dropped: too many are waiting`),
    )
    return callbacks
  }
}

/** @throws {@link ConfigError} for a file that cannot be read. */
function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`callbacks.ca: ${(error as Error).message}`, { cause: error })
  }
}
