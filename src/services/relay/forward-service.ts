/**
 * Forwarding as a service that the HTTP API starts and stops.
 *
 * @module
 */
import { z } from 'zod'
import { LimitError } from '../../errors/index.ts'
import type { ServiceInfo, ServiceTarget, StreamService } from '../control/index.ts'
import { parseOptions } from '../parse-options.ts'
import { forwardTargets } from './forward.schema.ts'
import type { Forwarder } from './forwarder.ts'

/** What is listed at most: a server may have thousands of streams. */
const MAX_LISTED = 1_000

const startOptions = z.strictObject({
  targets: forwardTargets.refine((list) => list.length > 0, 'names no target'),
})

/**
 * Shows what a {@link Forwarder} does, and forwards single streams to further targets. What its options say is not stopped here.
 *
 * `PUT /api/v1/streams/{id}/services/forward` takes `{ "targets": ["rtmp://b.example.com/live/key"] }`.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace'
 * import { StreamServices } from 'millrace/services/control'
 * import { HttpApi } from 'millrace/services/http-api'
 * import { Forwarder, ForwardService } from 'millrace/services/relay'
 * import { Statistics } from 'millrace/services/statistics'
 *
 * const hub = new Hub()
 * const services = new StreamServices()
 * services.register('forward', new ForwardService(new Forwarder({ hub })))
 * const api = new HttpApi({ statistics: new Statistics({ hub }), services, authentication: 'loopback' })
 * ```
 */
export class ForwardService implements StreamService {
  /** For operators. */
  readonly description = 'Forwards the stream to RTMP servers'
  readonly #current: () => Forwarder | undefined

  /** @param forwarder - the forwarder, or a function that gives it where it may change or be off. */
  constructor(forwarder: Forwarder | (() => Forwarder | undefined)) {
    this.#current = typeof forwarder === 'function' ? forwarder : () => forwarder
  }

  /** Whether targets were named here. */
  isRunning({ source }: ServiceTarget): boolean {
    return this.#current()?.isStarted(source) === true
  }

  /**
   * @param options - `{ targets }`, each a URL or `{ url, name }`.
   * @throws TypeError for other options, for more targets than the forwarder may have, or when forwarding is off.
   */
  start({ source }: ServiceTarget, options: unknown): void {
    const { targets } = parseOptions(startOptions, options, 'forward')
    const forwarder = this.#current()
    if (forwarder === undefined) throw new TypeError('forwarding is off')
    try {
      forwarder.start(source, targets)
    } catch (error) {
      // The caller's fault as well.
      throw error instanceof LimitError ? new TypeError(error.message) : error
    }
  }

  /** Ends what was started here. */
  async stop({ source }: ServiceTarget): Promise<void> {
    await this.#current()?.stop(source)
  }

  /** Every target of a stream, those of the forwarder's options among them. */
  status({ source }: ServiceTarget): ServiceInfo | undefined {
    const targets = this.#current()?.stats(source) ?? []
    return targets.length === 0 ? undefined : { targets }
  }

  /** Every target of every stream, up to 1,000. */
  list(): readonly ServiceInfo[] {
    const pushes = this.#current()?.pushes ?? []
    return pushes.slice(0, MAX_LISTED).map((push) => ({ ...push.stats() }))
  }
}
