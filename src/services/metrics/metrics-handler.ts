/**
 * `/metrics`, for Prometheus and whatever else reads its text.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpAdapter, type HttpReply, type HttpRequestFacts, replyToMethod } from '../../node/http/index.ts'
import type { RecentRefusals } from '../admission/index.ts'
import { type HttpAuthentication, HttpGate } from '../authentication/index.ts'
import type { Statistics } from '../statistics/index.ts'
import { parseOptions } from '../parse-options.ts'
import { VERSION } from '../version.ts'
import { mediaMetrics, refusalMetric, srsMetrics } from './media-metrics.ts'
import { metricsHandlerOptions } from './metrics-handler.schema.ts'
import { formatMetrics, PROMETHEUS_CONTENT_TYPE } from './prometheus-text.ts'

const NO_CORS = { cors: false } as const

/** Options of {@link MetricsHandler}. */
export interface MetricsHandlerOptions {
  /** Source of the figures. */
  readonly statistics: Statistics
  /** Who may read them. Names of streams are among them. */
  readonly authentication: HttpAuthentication
  /** The path. @defaultValue '/metrics' */
  readonly path?: string
  /**
   * Streams that have samples of their own, from the oldest on; the others are in the sums. Each costs nine
   * samples. @defaultValue 200
   */
  readonly maxStreamLabels?: number
  /** Who was refused, for `millrace_refusals_total`. @defaultValue there is no such family */
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
  readonly #http: HttpAdapter
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
    this.#http = new HttpAdapter(NO_CORS, {
      match: (facts) => (facts.path === parsed.path ? () => this.#answer(facts) : undefined),
    })
    this.#maxStreamLabels = parsed.maxStreamLabels
    this.#refusals = parsed.refusals
    this.#srsNames = parsed.srsNames
  }

  /**
   * A Node request handler, also for express.
   * @returns whether the request is for this handler and was answered.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#http.handle(request, response)
  }

  /**
   * A fetch-style handler.
   * @param remoteAddress - the caller's address, if the framework tells it; `'loopback'` needs it.
   * @returns the answer, or `undefined` when the request is not for this handler.
   */
  async fetch(request: Request, remoteAddress = ''): Promise<Response | undefined> {
    return await this.#http.fetch(request, remoteAddress)
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

  #answer(facts: HttpRequestFacts): HttpReply {
    return (
      this.#gate.reply(facts, NO_CORS) ??
      replyToMethod(facts.method, NO_CORS) ?? {
        status: 200,
        headers: { 'Content-Type': PROMETHEUS_CONTENT_TYPE, 'Cache-Control': 'no-store' },
        body: this.text(),
      }
    )
  }
}
