/**
 * `/metrics`, for Prometheus and whatever else reads its text.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import createDebug from 'debug'
import { type HttpReply, nodeRequestFacts, sendReply, textReply } from '../../node/http/index.ts'
import type { RecentRefusals } from '../admission/index.ts'
import { type HttpAuthentication, HttpGate } from '../authentication/index.ts'
import type { Statistics } from '../statistics/index.ts'
import { parseOptions } from '../parse-options.ts'
import { VERSION } from '../version.ts'
import { mediaMetrics, refusalMetric, srsMetrics } from './media-metrics.ts'
import { metricsHandlerOptions } from './metrics-handler.schema.ts'
import { formatMetrics, PROMETHEUS_CONTENT_TYPE } from './prometheus-text.ts'

const debug = createDebug('millrace:metrics')

/** Options of {@link MetricsHandler}. */
export interface MetricsHandlerOptions {
  /** Where the figures come from. */
  readonly statistics: Statistics
  /** Who may read them. Names of streams are among them. */
  readonly authentication: HttpAuthentication
  /** The path. @defaultValue '/metrics' */
  readonly path?: string
  /** Streams that have samples of their own, from the oldest on; the others are in the sums. Each costs nine samples. @defaultValue 200 */
  readonly maxStreamLabels?: number
  /** Who was turned away, for `millrace_refusals_total`. @defaultValue there is no such family */
  readonly refusals?: RecentRefusals
  /** Give the families of SRS's exporter as well, by its names. @defaultValue false */
  readonly srsNames?: boolean
}

/**
 * Answers with the metrics of a {@link Statistics}.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { HttpServer } from 'millrace/node'
 * import { MetricsHandler } from 'millrace/services/metrics'
 * import { Statistics } from 'millrace/services/statistics'
 *
 * const statistics = new Statistics({ hub: new Hub() })
 * const metrics = new MetricsHandler({ statistics, authentication: 'loopback' })
 * await new HttpServer({ handlers: [metrics] }).listen({ port: 9972 })
 * ```
 */
export class MetricsHandler {
  readonly #statistics: Statistics
  readonly #gate: HttpGate
  readonly #path: string
  readonly #maxStreamLabels: number
  readonly #refusals: RecentRefusals | undefined
  readonly #srsNames: boolean

  /**
   * @param options - see {@link MetricsHandlerOptions}.
   * @throws TypeError for options that are wrong.
   */
  constructor(options: MetricsHandlerOptions) {
    const parsed = parseOptions(metricsHandlerOptions, options, 'MetricsHandler')
    this.#statistics = parsed.statistics
    this.#gate = new HttpGate(parsed.authentication)
    this.#path = parsed.path
    this.#maxStreamLabels = parsed.maxStreamLabels
    this.#refusals = parsed.refusals
    this.#srsNames = parsed.srsNames
  }

  /**
   * A Node request handler, also for express.
   * @returns whether the request is for this handler and was answered.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const facts = nodeRequestFacts(request, {})
    if (facts?.path !== this.#path) return false
    if (!this.#gate.refuse(request, response)) sendReply(response, this.#answer(facts.method), facts.method)
    return true
  }

  /** The text, for servers of another kind. */
  text(): string {
    const refusals = this.#refusals
    const own = [
      ...mediaMetrics(this.#statistics, this.#maxStreamLabels),
      ...(refusals === undefined ? [] : [refusalMetric(refusals)]),
    ]
    return formatMetrics(this.#srsNames ? [...own, ...srsMetrics(this.#statistics, VERSION, refusals)] : own)
  }

  #answer(method: string): HttpReply {
    if (method !== 'GET' && method !== 'HEAD')
      return textReply(405, 'GET or HEAD', { cors: false }, { Allow: 'GET, HEAD' })
    try {
      return {
        status: 200,
        headers: { 'Content-Type': PROMETHEUS_CONTENT_TYPE, 'Cache-Control': 'no-store' },
        body: this.text(),
      }
    } catch (error) {
      // An HTTP server does not expect its listeners to throw.
      debug('%s', error)
      return textReply(500, 'internal error', { cors: false })
    }
  }
}
