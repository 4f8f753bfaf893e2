/**
 * Forwarding as a service that the HTTP API starts and stops.
 *
 * @module
 */
import { z } from 'zod'
import type { ServiceFacts, ServiceTarget, StreamService } from '../http-api/stream-services.ts'
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
 * @example `PUT /api/v1/streams/{id}/services/forward` with `{ "targets": ["rtmp://b.example.com/live/key"] }`
 * ```ts
 * import { Hub } from 'millrace'
 * import { Forwarder, ForwardService, HttpApi, Statistics, StreamServices } from 'millrace/services'
 *
 * const hub = new Hub()
 * const services = new StreamServices()
 * services.register('forward', new ForwardService(new Forwarder({ hub })))
 * const api = new HttpApi({ statistics: new Statistics({ hub }), services })
 * ```
 */
export class ForwardService implements StreamService {
  /** For operators. */
  readonly description = 'Forwards the stream to RTMP servers'
  readonly #forwarder: Forwarder

  /** Of one forwarder. */
  constructor(forwarder: Forwarder) {
    this.#forwarder = forwarder
  }

  /** Whether targets were named here. */
  isRunning({ source }: ServiceTarget): boolean {
    return this.#forwarder.isStarted(source)
  }

  /** @param options - `{ targets }`, each a URL or `{ url, name }`. */
  start({ source }: ServiceTarget, options: unknown): void {
    const { targets } = parseOptions(startOptions, options, 'forward')
    this.#forwarder.start(source, targets)
  }

  /** Ends what was started here. */
  async stop({ source }: ServiceTarget): Promise<void> {
    await this.#forwarder.stop(source)
  }

  /** Every target of a stream, those of the forwarder's options among them. */
  status({ source }: ServiceTarget): ServiceFacts | undefined {
    const targets = this.#forwarder.stats(source)
    return targets.length === 0 ? undefined : { targets }
  }

  /** Every target of every stream, up to 1,000. */
  list(): readonly ServiceFacts[] {
    return this.#forwarder.pushes.slice(0, MAX_LISTED).map((push) => ({ ...push.stats() }))
  }
}
