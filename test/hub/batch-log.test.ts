import { BatchLog, GopCache } from 'millrace/hub'
import { EMPTY_CONFIGURATION, type MediaPacket, type TrackFilter } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import { audio, audioConfig, FakeFormat, inter, key, metadata, read, text, videoConfig } from './fakes.ts'

function opened(packets: readonly MediaPacket[], tracks: TrackFilter = 'all') {
  const log = new GopCache({ gops: 9 })
  for (const packet of packets) log.append(packet)
  const format = new FakeFormat()
  const view = new BatchLog(log, format, tracks)
  return { log, format, view }
}

function shown(view: BatchLog): string[] {
  const batches: string[] = []
  for (let id = view.first; id < view.head; id++) {
    const batch = view.at(id)!
    const names = read(batch.bytes).map(({ name }) => name)
    batches.push(`${batch.fromSeq}-${batch.toSeq} ${names.join(' ')}`)
  }
  return batches
}

it('frames everything from the oldest start on, cut at keyframes', () => {
  const { view } = opened([audio(0, 0), key(1, 1), inter(2, 2), audio(3, 3), key(4, 4), inter(5, 5)])
  expect([view.first, view.head, view.flushedSeq, view.bytes]).toEqual([0, 0, 1, 0])
  expect(view.flush()).toBe(true)
  expect(shown(view)).toEqual(['1-4 V1 v2 a3', '4-6 V4 v5'])
  expect(view.flushedSeq).toBe(6)
  expect(view.flush()).toBe(false)
})

it('begins at the head when there is no start', () => {
  const { log, view } = opened([audio(0, 0), inter(1, 1)])
  expect(view.flush()).toBe(false)
  log.append(audio(2, 2))
  expect(view.flush()).toBe(true)
  expect(shown(view)).toEqual(['2-3 a2'])
})

it('a batch knows its first dts, its first picture and the configuration behind it', () => {
  const { log, view } = opened([
    audioConfig(0, 1),
    key(1),
    audio(2),
    videoConfig(3, 2),
    key(4),
    audioConfig(5, 3),
  ])
  view.flush()
  const [first, second] = [view.at(0)!, view.at(1)!]
  expect([first.arrival, first.picture, first.configuration]).toEqual([1, 'key', log.start()!.configuration])
  expect([second.arrival, second.picture, second.configuration]).toEqual([4, 'key', log.configuration])
  log.append(audio(6))
  view.flush()
  log.append(audio(7))
  log.append(inter(8))
  view.flush()
  expect([view.at(2)!.picture, view.at(3)!.picture]).toEqual(['none', 'inter'])
})

it('is cut before the packet that would bring its bodies beyond 128 KiB', () => {
  const half = 64 * 1024 - 9
  const { view } = opened([
    key(0, 0, half),
    inter(1, 1, half),
    inter(2, 2),
    inter(3, 3, 300_000),
    inter(4, 4),
  ])
  view.flush()
  expect(shown(view)).toEqual(['0-2 V0 v1', '2-3 v2', '3-4 v3', '4-5 v4'])
})

describe('tracks', () => {
  const packets = [key(0, 0), audio(1, 1), text(2, 2), inter(3, 3), key(4, 4), audio(5, 5)]

  it.each([
    ['all', ['0-4 V0 a1 d2 v3', '4-6 V4 a5']],
    ['default', ['0-4 V0 a1 d2 v3', '4-6 V4 a5']],
    ['audio', ['0-4 a1 d2', '4-6 a5']],
    ['video', ['0-4 V0 d2 v3', '4-6 V4']],
  ] as const)('%s', (tracks, batches) => {
    const { view } = opened(packets, tracks)
    view.flush()
    expect(shown(view)).toEqual(batches)
  })

  it('a stretch without packets of the view makes no batch', () => {
    const { format, log, view } = opened([key(0, 0), inter(1, 1)], 'audio')
    expect([view.flush(), view.flushedSeq, view.head, format.frames]).toEqual([false, 2, 0, 0])
    log.append(audio(2, 2))
    expect(view.flush()).toBe(true)
    expect(shown(view)).toEqual(['2-3 a2'])
  })

  it('an audio view shows no pictures', () => {
    const { view } = opened(packets, 'audio')
    view.flush()
    expect(view.at(0)!.picture).toBe('none')
  })
})

describe('places', () => {
  const { view } = opened([key(0), inter(1), key(2), inter(3), key(4)])
  view.flush()

  it.each([
    [0, 0],
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 3],
    [99, 3],
  ])('the batch at or behind packet %i is %i', (seq, id) => expect(view.idAt(seq)).toBe(id))

  it('a boundary is where no batch goes on', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((seq) => view.isBoundary(seq))).toEqual([
      true, false, true, false, true, true, false,
    ]) // prettier-ignore
  })

  it('a place before the view began, or that was evicted, is no boundary', () => {
    const { view: late } = opened([inter(0), inter(1)])
    expect([1, 2, 3].map((seq) => late.isBoundary(seq))).toEqual([false, true, false])
    const { view: evicted } = opened([key(0), key(1), key(2)])
    evicted.flush()
    evicted.evict(2)
    expect([0, 1, 2, 3].map((seq) => evicted.isBoundary(seq))).toEqual([false, false, true, true])
  })

  it('the head is one object until the next flush', () => {
    const { log, view: other } = opened([audioConfig(0, 1), audio(10)])
    const start = other.headStart(10)
    expect(start).toEqual({ seq: 2, dts: 10, configuration: log.configuration, keyframe: false })
    log.append(audio(20))
    expect(other.headStart(20)).toBe(start)
    other.flush()
    expect(other.headStart(20)).toMatchObject({ seq: 3, dts: 20 })
  })

  it('the head takes its dts from the packet that waits there', () => {
    const { log, view: other } = opened([audio(10)])
    log.append(audio(20))
    log.append(audio(30))
    expect(other.headStart(30)).toMatchObject({ seq: 1, dts: 20 })
  })
})

it('eviction drops batches that end at or before a packet', () => {
  const { view } = opened([key(0), inter(1), key(2), inter(3), key(4)])
  view.flush()
  const { bytes } = view
  view.evict(1)
  expect([view.first, view.bytes]).toEqual([0, bytes])
  view.evict(3)
  expect([view.first, view.at(0), view.bytes]).toEqual([1, undefined, bytes - 200])
  view.evict(5)
  expect([view.first, view.head, view.bytes]).toEqual([3, 3, 0])
})

it('the framing is shown what was configured before its first packet', () => {
  const { format } = opened([videoConfig(0, 1), key(1)])
  expect([format.created, format.joins, format.frames]).toEqual([1, 1, 0])
})

it('join bytes are made once per start', () => {
  const { format, log, view } = opened([metadata(0, 1), audioConfig(0, 2), videoConfig(0, 3), key(7)])
  format.joins = 0
  const bytes = view.join(log.start()!)
  expect(read(bytes)).toEqual([
    { name: 'M!1', dts: 7, joined: true, repeated: false },
    { name: 'A!2', dts: 7, joined: true, repeated: false },
    { name: 'V!3', dts: 7, joined: true, repeated: false },
  ])
  for (let i = 0; i < 10; i++) expect(view.join(log.start()!)).toBe(bytes)
  expect(format.joins).toBe(1)
  log.append(key(8))
  expect(view.join(log.start()!)).not.toBe(bytes)
  expect(format.joins).toBe(2)
})

describe('what a player must be told after a skip', () => {
  const { format, log, view } = opened([
    audioConfig(0, 1),
    videoConfig(0, 2),
    key(1),
    videoConfig(2, 3),
    key(3),
  ])
  const known = log.start(1)!.configuration
  const start = log.start()!

  it('only what is configured otherwise, at the time of the new start', () => {
    expect(read(view.reconfigure({ known, knownTracks: 'all', start }))).toEqual([
      { name: 'V!3', dts: 3, joined: false, repeated: true },
    ])
  })

  it('made once for all who come from the same place', () => {
    const bytes = view.reconfigure({ known, knownTracks: 'all', start })
    const { frames } = format
    expect(view.reconfigure({ known, knownTracks: 'all', start })).toBe(bytes)
    expect(format.frames).toBe(frames)
  })

  it('nothing when nothing changed', () => {
    const same = { known: start.configuration, knownTracks: 'all', start } as const
    expect(view.reconfigure(same)).toHaveLength(0)
  })

  it('tracks that were not seen before are news', () => {
    const change = { known: start.configuration, knownTracks: 'audio', start } as const
    expect(read(view.reconfigure(change)).map(({ name }) => name)).toEqual(['V!3'])
  })

  it('everything, to those who know nothing', () => {
    const change = { known: EMPTY_CONFIGURATION, knownTracks: 'all', start } as const
    expect(read(view.reconfigure(change)).map(({ name }) => name)).toEqual(['A!1', 'V!3'])
  })

  it('the running framing does not learn what was in force at the start', () => {
    const {
      format: other,
      log: log2,
      view: view2,
    } = opened([videoConfig(0, 1), key(1), videoConfig(2, 2), inter(3)])
    view2.flush()
    const { created } = other
    view2.reconfigure({ known: EMPTY_CONFIGURATION, knownTracks: 'all', start: log2.start()! })
    expect(other.created).toBe(created + 1)
  })
})
