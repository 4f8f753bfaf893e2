/**
 * {@link MetricsHandler} answers Prometheus with what `millrace/services/statistics` knows.
 *
 * @module services/metrics
 * @group Services
 */
export { MetricsHandler, type MetricsHandlerOptions } from './metrics-handler.ts'
