import { LimitError } from 'millrace/errors'
import { GopCache } from 'millrace/hub'
import { configurationPackets, EMPTY_CONFIGURATION } from 'millrace/media'
import { describe, expect, it } from 'vitest'
import { audio, audioConfig, hugeConfig, inter, key, metadata, nameOf, text, videoConfig } from './fakes.ts'

function held(log: GopCache): string {
  const names: string[] = []
  for (let seq = log.first; seq < log.head; seq++) names.push(nameOf(log.at(seq)!))
  return names.join(' ')
}

function configured(log: GopCache, seq: number): string {
  return configurationPackets(log.configurationAt(seq)).map(nameOf).join(' ')
}

it('an empty log has no packet, no start and no configuration', () => {
  const log = new GopCache()
  expect([log.first, log.head, log.bytes, log.durationMs]).toEqual([0, 0, 0, 0])
  expect(log.at(0)).toBeUndefined()
  expect(log.at(-1)).toBeUndefined()
  expect(log.start()).toBeUndefined()
  expect(log.startFrom(0)).toBeUndefined()
  expect(log.configuration).toBe(EMPTY_CONFIGURATION)
  expect(log.configurationAt(0)).toBe(EMPTY_CONFIGURATION)
})

it('sequence numbers are gapless, and every keyframe is a start', () => {
  const log = new GopCache()
  expect(log.append(audio(0))).toBe(false)
  expect(log.append(key(1))).toBe(true)
  expect(log.append(inter(2))).toBe(false)
  expect(log.append(key(3))).toBe(true)
  expect([log.first, log.head]).toEqual([0, 4])
  expect(log.at(2)!.dts).toBe(2)
  expect(log.at(4)).toBeUndefined()
  expect(log.start()).toMatchObject({ seq: 3, dts: 3, keyframe: true })
  expect(log.start(1)!.seq).toBe(1)
  expect(log.start(7)!.seq).toBe(1)
  expect(log.start(Infinity)!.seq).toBe(1)
  expect(log.startFrom(0)!.seq).toBe(1)
  expect(log.startFrom(1)!.seq).toBe(1)
  expect(log.startFrom(2)!.seq).toBe(3)
  expect(log.startFrom(4)).toBeUndefined()
})

it('a sequence header has frame type 1 and is no start', () => {
  const log = new GopCache()
  expect(log.append(videoConfig(0))).toBe(false)
  expect(log.start()).toBeUndefined()
})

describe('eviction drops whole GOPs', () => {
  function threeGops(gops: number): GopCache {
    const log = new GopCache({ gops })
    for (const [id, packet] of [key, inter, key, inter, key, inter].entries()) log.append(packet(id, id))
    return log
  }

  it.each([
    [1, 'V4 v5'],
    [2, 'V2 v3 V4 v5'],
    [3, 'V0 v1 V2 v3 V4 v5'],
    [9, 'V0 v1 V2 v3 V4 v5'],
    [0, 'V4 v5'],
  ])('%i GOPs are kept for joining players', (gops, names) => {
    const log = threeGops(gops)
    log.evict(log.head)
    expect(held(log)).toBe(names)
  })

  it.each([
    [0, 'V0 v1 V2 v3 V4 v5'],
    [1, 'V0 v1 V2 v3 V4 v5'],
    [2, 'V2 v3 V4 v5'],
    [3, 'V2 v3 V4 v5'],
    [4, 'V4 v5'],
    [6, 'V4 v5'],
    [99, 'V4 v5'],
  ])('a reader at %i keeps the GOP it is in', (needed, names) => {
    const log = threeGops(1)
    log.evict(needed)
    expect(held(log)).toBe(names)
    expect(log.bytes).toBe(names.split(' ').length * 9)
  })

  it('what lies before the first start goes packet by packet: nobody starts there', () => {
    const log = new GopCache()
    for (const packet of [audio(0, 0), audio(1, 1), audio(2, 2), key(3, 3)]) log.append(packet)
    log.evict(2)
    expect(held(log)).toBe('a2 V3')
    log.evict(4)
    expect(held(log)).toBe('V3')
  })

  it('without video only readers keep packets', () => {
    const log = new GopCache()
    for (let id = 0; id < 4; id++) log.append(audio(id, id))
    log.evict(3)
    expect(held(log)).toBe('a3')
    log.evict(99)
    expect([held(log), log.first, log.head, log.bytes]).toEqual(['', 4, 4, 0])
  })
})

describe('bounds', () => {
  it('packets: n stay, the next pushes the oldest out and takes its GOP as a start', () => {
    const log = new GopCache({ maxCachePackets: 3 })
    for (const packet of [key(0, 0), inter(1, 1), inter(2, 2)]) log.append(packet)
    expect([held(log), log.start()?.seq, log.oversizedGops]).toEqual(['V0 v1 v2', 0, 0])
    log.append(inter(3, 3))
    expect([held(log), log.start(), log.oversizedGops]).toEqual(['v1 v2 v3', undefined, 1])
    log.append(inter(4, 4))
    expect([held(log), log.oversizedGops]).toEqual(['v2 v3 v4', 1])
  })

  it('bytes: n stay, n + 1 pushes out', () => {
    const log = new GopCache({ maxCacheBytes: 27 })
    for (const packet of [key(0, 0), inter(1, 1), inter(2, 2)]) log.append(packet)
    expect([log.bytes, log.start()?.seq]).toEqual([27, 0])
    const more = new GopCache({ maxCacheBytes: 26 })
    for (const packet of [key(0, 0), inter(1, 1), inter(2, 2)]) more.append(packet)
    expect([more.bytes, held(more), more.start(), more.oversizedGops]).toEqual([18, 'v1 v2', undefined, 1])
  })

  it('ms: n stay, n + 1 pushes out', () => {
    const log = new GopCache({ maxCacheMs: 100 })
    for (const packet of [key(0, 0), inter(100, 1)]) log.append(packet)
    expect([held(log), log.durationMs, log.start()?.seq]).toEqual(['V0 v1', 100, 0])
    log.append(inter(101, 2))
    expect([held(log), log.start(), log.oversizedGops]).toEqual(['v1 v2', undefined, 1])
  })

  it('the newest packet stays whatever its length', () => {
    const log = new GopCache({ maxCacheBytes: 10 })
    log.append(key(0, 0, 100))
    expect([log.bytes, log.start()?.seq]).toEqual([109, 0])
    log.append(inter(1, 1))
    expect([held(log), log.bytes, log.oversizedGops]).toEqual(['v1', 9, 1])
  })

  it('room is made before the packet is taken', () => {
    const log = new GopCache({ maxCachePackets: 2 })
    for (let id = 0; id < 50; id++) {
      const packet = audio(id, id)
      const first = log.firstWith(packet)
      log.append(packet)
      expect(log.first).toBe(first)
      expect(log.head - log.first).toBeLessThanOrEqual(2)
    }
  })

  it('an older GOP gives way without costing the newest its place', () => {
    const log = new GopCache({ gops: 5, maxCachePackets: 4 })
    for (const packet of [key(0, 0), inter(1, 1), inter(2, 2), key(3, 3)]) log.append(packet)
    expect(log.start(1)!.seq).toBe(0)
    log.append(inter(4, 4))
    expect([held(log), log.start()!.seq, log.start(1)!.seq, log.oversizedGops]).toEqual([
      'v1 v2 V3 v4',
      3,
      3,
      0,
    ])
  })

  it('a GOP that outgrew the bounds is no start, the next one is', () => {
    const log = new GopCache({ maxCachePackets: 2 })
    for (const packet of [key(0, 0), inter(1, 1), inter(2, 2)]) log.append(packet)
    expect(log.start()).toBeUndefined()
    log.append(key(3, 3))
    expect([log.start()!.seq, log.oversizedGops]).toEqual([3, 1])
  })

  it('a GOP that ends as the next one pushes it out has not outgrown them', () => {
    const log = new GopCache({ maxCachePackets: 2 })
    for (const packet of [key(0, 0), inter(1, 1), key(2, 2)]) log.append(packet)
    expect([held(log), log.start()!.seq, log.oversizedGops]).toEqual(['v1 V2', 2, 0])
  })

  it('other bounds count from the next packet on', () => {
    const log = new GopCache()
    for (let id = 0; id < 10; id++) log.append(key(id, id))
    log.setOptions({ maxCachePackets: 3 })
    expect(log.head - log.first).toBe(10)
    log.append(inter(10, 10))
    expect(held(log)).toBe('V8 V9 v10')
  })

  it('a clock that goes back or leaps does not break the span', () => {
    const log = new GopCache({ maxCacheMs: 100 })
    for (const packet of [key(1_000, 0), inter(0, 1)]) log.append(packet)
    expect([held(log), log.durationMs]).toEqual(['V0 v1', 0])
    log.append(inter(1_000_000, 2))
    expect(held(log)).toBe('v2')
  })

  it('stays correct over many packets', () => {
    const log = new GopCache({ maxCachePackets: 700 })
    for (let id = 0; id < 5_000; id++) {
      log.append(id % 50 === 0 ? key(id, id) : inter(id, id))
      if (id % 333 === 0) log.evict(log.head)
    }
    expect(log.head).toBe(5_000)
    expect(nameOf(log.at(4_999)!)).toBe('v4999')
    expect(log.bytes).toBe((log.head - log.first) * 9)
    expect(log.at(log.first - 1)).toBeUndefined()
    expect(nameOf(log.at(log.first)!)).toMatch(new RegExp(`${log.first}$`))
  })
})

describe('configuration', () => {
  it('a start has what was configured before its keyframe, unchanged by what comes later', () => {
    const log = new GopCache()
    for (const packet of [metadata(0, 1), audioConfig(0, 2), videoConfig(0, 3), key(0, 4)]) log.append(packet)
    const { configuration } = log.start()!
    const before = configurationPackets(configuration).map(nameOf)
    expect(before).toEqual(['M!1', 'A!2', 'V!3'])
    for (const packet of [videoConfig(1, 5), audioConfig(1, 6), inter(2, 7)]) log.append(packet)
    expect(configurationPackets(configuration).map(nameOf)).toEqual(before)
    expect(log.start()!.configuration).toBe(configuration)
    expect(configurationPackets(log.configuration).map(nameOf)).toEqual(['M!1', 'A!6', 'V!5'])
  })

  it('starts share one object while nothing changes, also when a sequence header is repeated', () => {
    const log = new GopCache({ gops: 2 })
    for (const packet of [videoConfig(0, 1), key(0), videoConfig(1, 1), key(1)]) log.append(packet)
    expect(log.start(0)!.configuration).toBe(log.start(1)!.configuration)
  })

  it('is known for a reader at every retained packet', () => {
    const log = new GopCache()
    const packets = [
      key(0),
      videoConfig(1, 1),
      inter(2),
      audioConfig(3, 2),
      metadata(4, 3),
      videoConfig(5, 4),
      inter(6),
    ]
    for (const packet of packets) log.append(packet)
    expect(Array.from({ length: 9 }, (_, seq) => configured(log, seq))).toEqual([
      '', '', 'V!1', 'V!1', 'A!2 V!1', 'M!3 A!2 V!1', 'M!3 A!2 V!4', 'M!3 A!2 V!4', 'M!3 A!2 V!4',
    ]) // prettier-ignore
  })

  it('is still known after eviction', () => {
    const log = new GopCache()
    for (const packet of [videoConfig(0, 1), key(0), videoConfig(1, 2), key(2), videoConfig(3, 3)])
      log.append(packet)
    log.evict(log.head)
    expect(log.first).toBe(3)
    expect([3, 4, 5].map((seq) => configured(log, seq))).toEqual(['V!2', 'V!2', 'V!3'])
  })

  it('restart forgets starts and configuration, not packets', () => {
    const log = new GopCache()
    for (const packet of [videoConfig(0, 1), key(0, 2), inter(1, 3)]) log.append(packet)
    log.restart()
    expect([held(log), log.start(), configured(log, 3)]).toEqual(['V!1 V2 v3', undefined, ''])
    expect(configured(log, 2)).toBe('V!1')
    log.append(key(2, 4))
    expect(configurationPackets(log.start()!.configuration)).toEqual([])
    log.append(audioConfig(3, 5))
    expect(configured(log, log.head)).toBe('A!5')
  })

  it('a restart is known for as long as its first packet is held', () => {
    const log = new GopCache({ maxCachePackets: 2 })
    log.append(key(0))
    log.restart()
    log.append(key(10))
    expect([0, 1, 2].filter((seq) => log.isRestart(seq))).toEqual([1])
    log.restart()
    log.append(key(20))
    expect([0, 1, 2].filter((seq) => log.isRestart(seq))).toEqual([1, 2])
    log.append(inter(30))
    expect([0, 1, 2].filter((seq) => log.isRestart(seq))).toEqual([2])
  })

  it('restart of an empty log, and twice, is harmless', () => {
    const log = new GopCache()
    log.restart()
    log.restart()
    log.append(videoConfig(0, 1))
    log.restart()
    log.restart()
    expect([configured(log, 0), configured(log, 1)]).toEqual(['', ''])
  })

  it('configuration beyond its bound is refused and leaves the log as it was', () => {
    const log = new GopCache()
    log.append(key(0, 1))
    expect(() => log.append(hugeConfig(1))).toThrow(LimitError)
    expect([held(log), log.head, log.bytes, log.start()!.seq]).toEqual(['V1', 1, 9, 0])
    log.append(text(2, 2))
    expect(held(log)).toBe('V1 d2')
  })
})
