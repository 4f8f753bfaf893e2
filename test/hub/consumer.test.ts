import type { Consumer } from 'millrace/hub'
import { describe, expect, it } from 'vitest'
import { audio, audioConfig, inter, key, metadata, nameOf, Stage, text, videoConfig } from './fakes.ts'

/** Everything that can be read now; `|` stands before a packet with the discontinuity flag. */
function readAll(consumer: Consumer): string {
  const names: string[] = []
  for (let packet = consumer.read(); packet !== undefined; packet = consumer.read()) {
    names.push((consumer.discontinuity ? '|' : '') + nameOf(packet))
  }
  return names.join(' ')
}

/** Lets promises settle. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve()
}

describe('reading', () => {
  it('configuration as it was at the start, with its dts, then the packets', () => {
    const stage = new Stage()
    stage.write(metadata(0, 1), audioConfig(0, 2), videoConfig(0, 3), key(0, 4), inter(33, 5), key(66, 6))
    stage.write(videoConfig(70, 7), inter(100, 8))
    const consumer = stage.source.consume()
    expect(consumer.read()!.dts).toBe(66)
    expect(readAll(consumer)).toBe('A!2 V!3 V6 V!7 v8')
    expect(consumer.stats()).toEqual({
      readPackets: 6,
      queuedBytes: 0,
      lagMs: 0,
      skips: 0,
      skippedPackets: 0,
      skippedMs: 0,
    })
    stage.write(inter(133, 9))
    expect(readAll(consumer)).toBe('v9')
  })

  it('start: keyframe waits for the next one; gopsBack goes back', () => {
    const stage = new Stage({ gops: 3 })
    for (let gop = 0; gop < 3; gop++) stage.write(key(gop * 100, gop))
    const waiting = stage.source.consume({ start: 'keyframe' })
    expect(readAll(waiting)).toBe('')
    expect(readAll(stage.source.consume({ gopsBack: 1 }))).toBe('V1 V2')
    stage.write(inter(250, 8), key(300, 9))
    expect(readAll(waiting)).toBe('V9')
  })

  it('start: packet takes what comes next, and video from its keyframe on', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3), inter(33, 4))
    const consumer = stage.source.consume({ start: 'packet', gopsBack: 1 })
    stage.write(audio(40, 5), inter(66, 6), audio(70, 7), key(100, 8), inter(133, 9))
    expect(readAll(consumer)).toBe('A!1 V!2 a5 a7 V8 v9')
  })

  it('start: packet in a publish event gives all of a publisher, and of this one alone', () => {
    const stage = new Stage()
    stage.write(videoConfig(0, 1), key(0, 2))
    const consumers: Consumer[] = []
    stage.hub.on('publish', (source) => consumers.push(source.consume({ start: 'packet' })))
    const next = stage.hub.publish('/live/show', { takeOver: true })
    for (const packet of [audio(0, 3), videoConfig(5, 4), key(10, 5)]) next.write(packet)
    expect(consumers.map(readAll)).toEqual(['a3 V!4 V5'])
  })

  it('its place is taken when it is opened, or with the first keyframe, not when it is first read', () => {
    const stage = new Stage()
    const early = stage.source.consume()
    stage.write(videoConfig(0, 1), audio(0, 2), key(10, 3), inter(43, 4), key(76, 5), inter(100, 6))
    const later = stage.source.consume()
    stage.write(key(133, 7))
    expect(readAll(early)).toBe('V!1 V3 v4 V5 v6 V7')
    expect(readAll(later)).toBe('V!1 V5 v6 V7')
  })

  it.each([
    ['all', 'A!1 V!2 V3 a4 d5 v6'],
    ['default', 'A!1 V!2 V3 a4 d5 v6'],
    ['video', 'V!2 V3 d5 v6'],
  ] as const)('tracks: %s', (tracks, names) => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3), audio(10, 4), text(20, 5), inter(33, 6))
    expect(readAll(stage.source.consume({ tracks }))).toBe(names)
  })

  it('audio tracks alone begin at the head', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3), audio(10, 4))
    const consumer = stage.source.consume({ tracks: 'audio' })
    expect(readAll(consumer)).toBe('A!1')
    stage.write(inter(20, 5), audio(30, 6))
    expect(readAll(consumer)).toBe('a6')
  })

  it('audio without video is read at once, video that comes back later only from a keyframe on', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    for (let ms = 20; ms <= 3_020; ms += 20) stage.write(audio(ms, ms))
    const consumer = stage.source.consume()
    stage.write(
      audio(3_040, 4),
      inter(3_050, 5),
      audio(3_060, 6),
      inter(3_070, 7),
      key(3_080, 8),
      inter(3_090, 9),
    )
    expect(readAll(consumer)).toBe('A!1 V!2 a4 a6 V8 v9')
    expect(consumer.stats().skippedPackets).toBe(2)
  })
})

describe('two keyframes in one turn', () => {
  it('one that waits for its start gets both: a recorder leaves out nothing', () => {
    const stage = new Stage()
    const consumer = stage.source.consume()
    stage.write(key(0, 1), inter(33, 2), key(66, 3))
    expect(readAll(consumer)).toBe('V1 v2 V3')
  })

  it('one that fell behind goes on at the newer one, and counts what it passed over', () => {
    const stage = new Stage({ maxCachePackets: 4 })
    stage.write(key(0, 1))
    const consumer = stage.source.consume()
    expect(readAll(consumer)).toBe('V1')
    for (let id = 2; id < 7; id++) stage.write(inter(id * 33, id))
    stage.write(key(300, 7), inter(333, 8), key(366, 9))
    expect(readAll(consumer)).toBe('|V9')
    expect(consumer.stats()).toMatchObject({ skips: 1, skippedPackets: 7, skippedMs: 366 })
  })
})

describe('lag', () => {
  it('within maxLagMs the log waits; beyond, the newest keyframe comes with what changed, flagged and counted', () => {
    const stage = new Stage({ maxLagMs: 2_500 })
    stage.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
    const consumer = stage.source.consume()
    expect(readAll(consumer)).toBe('A!1 V!2 V3')
    for (let gop = 1; gop <= 3; gop++)
      stage.write(key(gop * 1_000, gop * 10), inter(gop * 1_000 + 500, gop * 10 + 1))
    // Three keyframes and three inter frames of 9 bytes.
    expect(consumer.stats()).toMatchObject({ lagMs: 2_500, queuedBytes: 54 })
    expect(stage.source.stats().lagMs).toBe(2_500)
    expect(readAll(consumer)).toBe('V10 v11 V20 v21 V30 v31')
    stage.write(videoConfig(4_000, 5))
    for (let gop = 4; gop <= 9; gop++)
      stage.write(key(gop * 1_000, gop * 10), inter(gop * 1_000 + 500, gop * 10 + 1))
    expect(readAll(consumer)).toBe('|V!5 V90 v91')
    // From the frame at 3,500 ms to the keyframe at 9,000 ms.
    expect(consumer.stats()).toMatchObject({ skips: 1, skippedPackets: 11, skippedMs: 5_500 })
  })

  it('is told of a reader whose place the log has dropped, from the last packet it has read', () => {
    const stage = new Stage({ maxCachePackets: 4 })
    stage.write(key(0, 1), inter(100, 2))
    const consumer = stage.source.consume()
    expect(readAll(consumer)).toBe('V1 v2')
    for (let id = 3; id < 9; id++) stage.write(inter(id * 100, id))
    // Ids 5 to 8 are left: four inter frames of 9 bytes.
    expect(consumer.stats()).toMatchObject({ lagMs: 700, queuedBytes: 36 })
    expect(stage.source.stats().lagMs).toBe(700)
    expect(readAll(consumer)).toBe('')
    expect(consumer.stats()).toMatchObject({ lagMs: 700, queuedBytes: 0, skips: 1 })
    stage.write(key(900, 9))
    expect(readAll(consumer)).toBe('|V9')
    expect(consumer.stats()).toMatchObject({ lagMs: 0, skippedMs: 800 })
  })

  it('counts from its start for a reader that has read nothing', () => {
    const stage = new Stage({ maxCachePackets: 4 })
    stage.write(key(5_000, 1))
    stage.write(inter(5_100, 2))
    const consumer = stage.source.consume()
    const startMs = stage.source.lastDts - 100
    for (let id = 3; id < 9; id++) stage.write(inter(4_900 + id * 100, id))
    expect(consumer.stats().lagMs).toBe(stage.source.lastDts - startMs)
  })

  it('repeats no configuration that it has read in line', () => {
    const stage = new Stage({ maxLagMs: 500 })
    stage.write(videoConfig(0, 1), key(0, 2))
    const consumer = stage.source.consume()
    stage.write(videoConfig(10, 3))
    expect(readAll(consumer)).toBe('V!1 V2 V!3')
    for (let gop = 1; gop <= 4; gop++) stage.write(key(gop * 1_000, gop))
    expect(readAll(consumer)).toBe('|V4')
  })

  it('waits for a keyframe when the log has none', () => {
    const stage = new Stage({ maxCachePackets: 3 })
    stage.write(key(0, 0))
    const consumer = stage.source.consume()
    expect(readAll(consumer)).toBe('V0')
    for (let id = 1; id < 9; id++) stage.write(inter(id * 33, id))
    expect(readAll(consumer)).toBe('')
    stage.write(inter(300, 9), key(333, 10))
    expect(readAll(consumer)).toBe('|V10')
    expect(consumer.stats()).toMatchObject({ skips: 1, skippedPackets: 9, skippedMs: 333 })
  })
})

describe('another publisher', () => {
  it('its first packet has the discontinuity flag, and time goes on', () => {
    const stage = new Stage()
    stage.write(videoConfig(0, 1), key(0, 2), inter(1_000, 3))
    const consumer = stage.source.consume()
    readAll(consumer)
    stage.publisher.unpublish()
    stage.clock.advance(2_000)
    stage.republish()
    stage.clock.advance(500)
    stage.write(inter(70_000, 4), audioConfig(70_001, 5), videoConfig(70_001, 6), inter(70_005, 7))
    stage.write(key(70_010, 8), audio(70_020, 9), inter(70_043, 10))
    const first = consumer.read()!
    expect([nameOf(first), consumer.discontinuity, first.dts]).toEqual(['A!5', true, 3_000])
    expect(readAll(consumer)).toBe('V!6 V8 a9 v10')
    expect(stage.source.lastDts).toBe(3_533)
    expect(stage.source.stats().droppedBeforeKeyframe).toBe(2)
  })

  it('is flagged also when its first packet is of another track', () => {
    const stage = new Stage()
    stage.write(audioConfig(0, 1), key(0, 2))
    const consumer = stage.source.consume({ tracks: 'video' })
    expect(readAll(consumer)).toBe('V2')
    stage.republishAfter(100)
    stage.write(audioConfig(0, 3), audio(0, 4), key(5, 5), inter(40, 6))
    expect(readAll(consumer)).toBe('|V5 v6')
  })

  it('is no discontinuity for a reader that begins with it', () => {
    const stage = new Stage()
    stage.write(key(0, 1))
    stage.republishAfter(100)
    const consumer = stage.source.consume()
    stage.write(key(0, 2), inter(33, 3))
    expect(readAll(consumer)).toBe('V2 v3')
  })

  it('two restarts with nothing in between are one', () => {
    const stage = new Stage()
    stage.write(key(0, 1))
    const consumer = stage.source.consume()
    readAll(consumer)
    stage.republishAfter(100)
    stage.republishAfter(100)
    stage.write(key(0, 2), key(40, 3))
    expect(readAll(consumer)).toBe('|V2 V3')
  })
})

describe('waiting', () => {
  it('ready resolves at once when there is something', async () => {
    const stage = new Stage()
    stage.write(key(0, 1))
    const consumer = stage.source.consume()
    await consumer.ready()
    expect(readAll(consumer)).toBe('V1')
  })

  it('is one promise for all who wait, until something comes', async () => {
    const stage = new Stage()
    stage.write(key(0, 1))
    const consumer = stage.source.consume()
    readAll(consumer)
    let woken = 0
    const first = consumer.ready()
    expect(consumer.ready()).toBe(first)
    void first.then(() => woken++)
    void consumer.ready().then(() => woken++)
    await settle()
    expect(woken).toBe(0)
    stage.write(inter(33, 2))
    await settle()
    expect(woken).toBe(2)
    readAll(consumer)
    expect(consumer.ready()).not.toBe(first)
  })

  it('ends when the publisher leaves, so that what is held can be shown', async () => {
    const stage = new Stage()
    stage.write(key(0, 1))
    const consumer = stage.source.consume()
    readAll(consumer)
    let woken = false
    void consumer.ready().then(() => (woken = true))
    stage.publisher.unpublish()
    await settle()
    expect([woken, consumer.ended, stage.source.publisher]).toEqual([true, false, undefined])
  })

  it('ends when the consumer is detached or the source closes', async () => {
    const stage = new Stage()
    const one = stage.source.consume()
    const two = stage.source.consume()
    const both = Promise.all([one.ready(), two.ready()])
    one.detach()
    stage.source.close()
    await both
    expect([one.ended, two.ended]).toEqual([true, false])
    await two.ready()
    expect([two.read(), two.ended]).toEqual([undefined, true])
  })
})

describe('for await', () => {
  it('reads what comes, and ends after the rest when the source closes', async () => {
    const stage = new Stage()
    stage.write(videoConfig(0, 1), key(0, 2))
    const names: string[] = []
    const loop = (async () => {
      for await (const packet of stage.source.consume()) names.push(nameOf(packet))
    })()
    await settle()
    stage.write(inter(33, 3))
    await settle()
    stage.write(inter(66, 4), inter(100, 5))
    stage.source.close()
    await loop
    expect(names.join(' ')).toBe('V!1 V2 v3 v4 v5')
  })

  it('leaving the loop detaches', async () => {
    const stage = new Stage()
    stage.write(key(0, 1), inter(33, 2))
    const consumer = stage.source.consume()
    for await (const packet of consumer) {
      expect(nameOf(packet)).toBe('V1')
      break
    }
    expect([consumer.ended, stage.source.stats().consumers]).toEqual([true, 0])
    for await (const packet of consumer) throw new Error(nameOf(packet))
  })

  it('a throw in the loop detaches', async () => {
    const stage = new Stage()
    stage.write(key(0, 1))
    const loop = async (): Promise<void> => {
      for await (const packet of stage.source.consume()) throw new Error(nameOf(packet))
    }
    await expect(loop()).rejects.toThrow('V1')
    expect(stage.source.stats().consumers).toBe(0)
  })

  it('an abort ends the loop', async () => {
    const stage = new Stage()
    stage.write(key(0, 1))
    const controller = new AbortController()
    const names: string[] = []
    const loop = (async () => {
      for await (const packet of stage.source.consume({ signal: controller.signal }))
        names.push(nameOf(packet))
    })()
    await settle()
    controller.abort()
    stage.write(inter(33, 2))
    await loop
    expect([names, stage.source.stats().consumers]).toEqual([['V1'], 0])
  })
})

describe('the signal', () => {
  /** Counts the listeners of a signal that outlives its consumers. */
  function counted() {
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args))
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args))
    return { signal, count: () => listeners }
  }

  it('keeps no listener after detach, after the end of the source, and after an abort', () => {
    const stage = new Stage()
    stage.write(key(0, 1))
    const { signal, count } = counted()
    const one = stage.source.consume({ signal })
    const two = stage.source.consume({ signal })
    expect(count()).toBe(2)
    one.detach()
    one.detach()
    expect(count()).toBe(1)
    stage.source.close()
    readAll(two)
    expect([two.ended, count()]).toEqual([true, 0])
  })

  it('aborted before: the consumer has ended, and the source does not call itself idle', () => {
    const stage = new Stage()
    let idle = 0
    stage.source.on('idle', () => idle++)
    const consumer = stage.source.consume({ signal: AbortSignal.abort() })
    expect([consumer.ended, consumer.read(), idle, stage.source.stats().consumers]).toEqual([
      true,
      undefined,
      0,
      0,
    ])
  })
})

it('opened before the first packet of a stream without video, it misses nothing', () => {
  const stage = new Stage()
  const consumer = stage.source.consume()
  const sent = [metadata(0, 1), audioConfig(0, 2)]
  for (let ms = 0; ms <= 600; ms += 20) sent.push(audio(ms, ms))
  stage.write(...sent)
  expect(readAll(consumer)).toBe(sent.map(nameOf).join(' '))
})
