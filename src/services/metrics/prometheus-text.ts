/**
 * The text format that Prometheus reads, version 0.0.4.
 *
 * @module
 */

/** Media type of the format. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Labels of a sample, in the order in which they are written. */
export type MetricLabels = Readonly<Record<string, string>>

/** A family of samples: one name, one meaning. */
export interface Metric {
  /** Name; counters end in `_total`. */
  readonly name: string
  /** What it says. */
  readonly help: string
  /** `counter` grows only, `gauge` goes up and down. */
  readonly type: 'counter' | 'gauge'
  /** Samples, each with labels of its own. */
  readonly samples: readonly MetricSample[]
}

/** One value. */
export interface MetricSample {
  /** Its labels. @defaultValue none */
  readonly labels?: MetricLabels
  /** The value. */
  readonly value: number
}

/** Writes families; those without samples are left out. */
export function formatMetrics(metrics: Iterable<Metric>): string {
  let text = ''
  for (const { name, help, type, samples } of metrics) {
    if (samples.length === 0) continue
    text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
    for (const { labels = {}, value } of samples)
      text += `${name}${formatLabels(labels)} ${formatValue(value)}\n`
  }
  return text
}

function formatLabels(labels: MetricLabels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (Number.isFinite(value)) return String(value)
  return value > 0 ? '+Inf' : '-Inf'
}
