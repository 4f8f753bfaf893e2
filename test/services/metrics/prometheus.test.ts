import { FLV_VIEW } from 'millrace/flv'
import { Hub, VirtualClock } from 'millrace/hub'
import { MetricsHandler, type MetricsHandlerOptions } from 'millrace/services/metrics'
import { Statistics } from 'millrace/services/statistics'
import { describe, expect, onTestFinished, test } from 'vitest'
import { formatMetrics } from '../../../src/services/metrics/prometheus-text.ts'
import { inter, key } from '../../hub/fakes.ts'
import { type Family, parsePrometheus } from './prometheus-parser.ts'

describe('the text format', () => {
  test('families, labels and values', () => {
    const text = formatMetrics([
      {
        name: 'a_total',
        help: 'Back\\slash and\nline',
        type: 'counter',
        samples: [{ value: 1 }, { labels: { b: 'x', c: 'y' }, value: 2.5e-7 }],
      },
      { name: 'empty', help: 'Left out', type: 'gauge', samples: [] },
      {
        name: 'odd',
        help: 'Values',
        type: 'gauge',
        samples: [
          { labels: { v: '0' }, value: Infinity },
          { labels: { v: '1' }, value: -Infinity },
          { labels: { v: '2' }, value: NaN },
          { labels: { v: '3' }, value: 1e21 },
        ],
      },
    ])
    expect(text).toBe(
      '# HELP a_total Back\\\\slash and\\nline\n# TYPE a_total counter\na_total 1\na_total{b="x",c="y"} 2.5e-7\n' +
        '# HELP odd Values\n# TYPE odd gauge\nodd{v="0"} +Inf\nodd{v="1"} -Inf\nodd{v="2"} NaN\nodd{v="3"} 1e+21\n',
    )
    expect([...parsePrometheus(text).keys()]).toEqual(['a_total', 'odd'])
  })

  for (const value of [
    '"',
    '\\',
    '\n',
    '\\n',
    '\\"',
    '", evil="1',
    '}',
    '{',
    'é',
    '😀',
    ' ',
    '\r',
    '\\\\n"',
  ]) {
    test(`the label ${JSON.stringify(value)} comes back`, () => {
      const samples = [{ labels: { stream: value, other: 'x' }, value: 1 }]
      const text = formatMetrics([{ name: 'm', help: 'h', type: 'gauge', samples }])
      expect(parsePrometheus(text).get('m')!.samples).toEqual([{ name: 'm', ...samples[0] }])
    })
  }
})

/** A hub on a clock, and what is told of it. */
function stage(options: Partial<MetricsHandlerOptions> = {}): {
  hub: Hub
  clock: VirtualClock
  read: () => Map<string, Family>
} {
  const clock = new VirtualClock(1_000)
  const hub = new Hub({}, clock)
  const statistics = new Statistics({ hub, clock })
  onTestFinished(() => {
    statistics.close()
    hub.close()
    expect(clock.pending).toBe(0)
  })
  const metrics = new MetricsHandler({ statistics, authentication: 'none', ...options })
  return { hub, clock, read: () => parsePrometheus(metrics.text()) }
}

/** Values of a family, as `a=x b=y 1`. */
function values(families: Map<string, Family>, name: string): string[] {
  return (families.get(name)?.samples ?? []).map(({ labels, value }) =>
    [...Object.entries(labels).map(([label, text]) => `${label}=${text}`), value].join(' '),
  )
}

test('streams, clients, bytes, lag', () => {
  const { hub, clock, read } = stage()
  const publisher = hub.publish('/live/show')
  const source = hub.source('/live/show')!
  let queuedBytes = 0
  const player = source.attach({ queuedBytes: 0, write: () => {}, end: () => {} }, { format: FLV_VIEW })
  source.attach(
    {
      get queuedBytes() {
        return queuedBytes
      },
      write: (batch) => (queuedBytes += batch.length),
      end: () => {},
    },
    { format: FLV_VIEW, sinkBudgetBytes: 50 },
  )
  publisher.write(key(0, 1))
  clock.advance(100)
  publisher.write(inter(2_000, 2))
  clock.advance(100)
  const families = read()
  const { received, sent } = { received: 18, sent: hub.totals().sentBytes }
  expect(values(families, 'millrace_streams')).toEqual([
    'vhost=__defaultVhost__ state=live 1',
    'vhost=__defaultVhost__ state=waiting 0',
  ])
  expect(values(families, 'millrace_clients')).toEqual([
    'role=publisher protocol=internal 1',
    'role=player protocol=internal 2',
  ])
  expect(values(families, 'millrace_received_bytes_total')).toEqual([`vhost=__defaultVhost__ ${received}`])
  expect(values(families, 'millrace_sent_bytes_total')).toEqual([`vhost=__defaultVhost__ ${sent}`])
  expect(sent).toBeGreaterThan(received)
  expect(values(families, 'millrace_publishes_total')).toEqual(['vhost=__defaultVhost__ 1'])
  expect(values(families, 'millrace_plays_total')).toEqual(['vhost=__defaultVhost__ 2'])
  const labels = 'vhost=__defaultVhost__ stream=/live/show'
  expect(values(families, 'millrace_stream_live')).toEqual([`${labels} 1`])
  expect(values(families, 'millrace_stream_players')).toEqual([`${labels} 2`])
  expect(values(families, 'millrace_stream_frames_total')).toEqual([`${labels} 2`])
  expect(values(families, 'millrace_stream_sent_bytes_total')).toEqual([`${labels} ${sent}`])
  expect(families.get('millrace_queued_bytes')!.samples[0]!.value).toBe(queuedBytes)
  expect(families.get('process_resident_memory_bytes')!.samples[0]!.value).toBeGreaterThan(1e6)
  expect(player.state).toBe('playing')
})

test('a stream that waits for its publisher, and one that is over', () => {
  const { hub, clock, read } = stage()
  const publisher = hub.publish('/live/show')
  publisher.write(key(0, 1))
  publisher.unpublish()
  expect(values(read(), 'millrace_stream_live')).toEqual(['vhost=__defaultVhost__ stream=/live/show 0'])
  clock.advance(10_000)
  expect(values(read(), 'millrace_stream_live')).toEqual([])
  expect(values(read(), 'millrace_received_bytes_total')).toEqual(['vhost=__defaultVhost__ 9'])
})

test('maxStreamLabels: n streams have samples, the one beyond is in the sums', () => {
  const { hub, read } = stage({ maxStreamLabels: 2 })
  const unlisted = (): string[] => values(read(), 'millrace_unlisted_streams')
  hub.publish('/live/1')
  hub.publish('/live/2')
  expect([read().get('millrace_stream_live')!.samples.length, unlisted()]).toEqual([2, ['0']])
  hub.publish('/live/3')
  expect(values(read(), 'millrace_stream_live')).toEqual([
    'vhost=__defaultVhost__ stream=/live/1 1',
    'vhost=__defaultVhost__ stream=/live/2 1',
  ])
  expect([unlisted(), values(read(), 'millrace_publishes_total')]).toEqual([
    ['1'],
    ['vhost=__defaultVhost__ 3'],
  ])
})

test('names of streams that want to be something else', () => {
  const { hub, read } = stage()
  const names = ['/live/"}evil', '/live/\\', `/live/${'x'.repeat(200)}`] as const
  for (const name of names) hub.publish(name)
  const streams = read()
    .get('millrace_stream_live')!
    .samples.map(({ labels }) => labels['stream'])
  expect(streams).toEqual([names[0], names[1], expect.stringMatching(/^vid-[a-z0-9]{10}$/)])
})

test('the families of SRS, where they are asked for', () => {
  const { hub, read } = stage({ srsNames: true })
  hub.publish('/live/show')
  const families = read()
  expect(values(families, 'srs_streams')).toEqual(['1'])
  expect(values(families, 'srs_clients')).toEqual(['1'])
  expect(values(families, 'srs_clients_total')).toEqual(['1'])
  expect(Object.keys(families.get('srs_build_info')!.samples[0]!.labels)).toEqual(
    expect.arrayContaining(['server', 'service', 'pid', 'version', 'major', 'code']),
  )
  for (const name of ['srs_node_uname_info', 'srs_memory', 'srs_send_bytes_total', 'srs_receive_bytes_total'])
    expect(families.has(name)).toBe(true)
  expect(stage().read().has('srs_streams')).toBe(false)
})
