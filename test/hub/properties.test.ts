// Whatever happens to a stream and its readers, each reader sees a picture that its decoder can show.
import fc from 'fast-check'
import type { Consumer, ConsumerOptions } from 'millrace/hub'
import {
  type Framing,
  type MediaPacket,
  packetFromTag,
  type TrackFilter,
  type ViewFormat,
} from 'millrace/media'
import { expect, it } from 'vitest'
import {
  audio,
  audioConfig,
  type FakeSink,
  inter,
  key,
  metadata,
  nameOf,
  Stage,
  text,
  videoConfig,
} from './fakes.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import { Truth, Witness } from './witness.ts'

const numRuns = fuzzRuns(40)

const bounds = fc.record({
  maxCachePackets: fc.integer({ min: 2, max: 60 }),
  maxCacheMs: fc.integer({ min: 50, max: 4_000 }),
  maxLagMs: fc.integer({ min: 0, max: 2_000 }),
  gops: fc.integer({ min: 1, max: 3 }),
  minFlushIntervalMs: fc.constantFrom(0, 0, 100, 350),
  graceMs: fc.constant(1_000_000),
})

const MAKERS = { key, inter, audio, videoConfig, audioConfig, metadata, text }

const packetStep = fc.record({
  type: fc.constant('packet' as const),
  make: fc.oneof(
    { weight: 2, arbitrary: fc.constant('key' as const) },
    { weight: 6, arbitrary: fc.constant('inter' as const) },
    { weight: 5, arbitrary: fc.constant('audio' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'videoConfig' as const,
        'audioConfig' as const,
        'metadata' as const,
        'text' as const,
      ),
    },
  ),
  delta: fc.oneof(
    { weight: 80, arbitrary: fc.integer({ min: 0, max: 60 }) },
    { weight: 1, arbitrary: fc.constantFrom(-20_000, -100, 700, 3_500, 9_000, 20_000) },
  ),
})
const readerStep = fc.record({
  type: fc.constant('reader' as const),
  what: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('stall' as const, 'take' as const, 'replace' as const) },
    { weight: 2, arbitrary: fc.constant('drain' as const) },
    // The sink throws at its next write, as one with a defect does.
    { weight: 1, arbitrary: fc.constant('break' as const) },
    { weight: 2, arbitrary: fc.constant('reopen' as const) },
    // These count for half of the viewers.
    { weight: 8, arbitrary: fc.constantFrom('pause' as const, 'tracks' as const) },
  ),
  which: fc.nat(5),
  tracks: fc.constantFrom<TrackFilter>('all', 'default', 'audio', 'video'),
  start: fc.constantFrom<'gop' | 'keyframe'>('gop', 'gop', 'keyframe'),
  gopsBack: fc.nat(2),
  pauseSteps: fc.integer({ min: 1, max: 12 }),
})
const otherStep = fc.record({
  type: fc.oneof(
    { weight: 12, arbitrary: fc.constant('turn' as const) },
    { weight: 5, arbitrary: fc.constant('read' as const) },
    { weight: 4, arbitrary: fc.constant('time' as const) },
    { weight: 1, arbitrary: fc.constantFrom('republish' as const, 'take over' as const) },
  ),
  amount: fc.nat(200),
})
const steps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: packetStep },
    { weight: 8, arbitrary: readerStep },
    { weight: 6, arbitrary: otherStep },
  ),
  { minLength: 20, maxLength: 300, size: 'max' },
)

/** A sink, what it has been checked for so far, and whether its gaps are all counted skips. */
interface Viewer {
  readonly sink: FakeSink
  readonly witness: Witness
  /** Never paused, never with other tracks than all. */
  readonly plain: boolean
  /** Steps until it goes on. */
  pausedFor: number
  /** It had seen something before it skipped anything, so that all its gaps can be seen. */
  exact: boolean
}

interface Reader {
  readonly consumer: Consumer
  readonly witness: Witness
  /** It reads all tracks. */
  readonly plain: boolean
  /** It had read something before it skipped anything, so that all its gaps can be seen. */
  exact: boolean
}

function readSome({ consumer, witness }: Reader, truth: Truth, count: number): void {
  for (let i = 0; i < count; i++) {
    const packet = consumer.read()
    if (packet === undefined) break
    witness.see(nameOf(packet), packet.dts, truth.has(packet) ? undefined : 'repeated')
  }
}

function check(viewer: Viewer): void {
  const { sink, witness } = viewer
  for (const { name, dts, joined, repeated } of sink.entries)
    witness.see(name, dts, joined ? 'joined' : repeated ? 'repeated' : undefined)
  sink.writes.length = 0
  const { skips, skippedPackets } = sink.player!.stats()
  viewer.exact ||= viewer.plain && witness.startSeq >= 0 && skips === 0
  if (!viewer.exact) return
  // A skip is counted when it is decided, and its packets when the player goes on.
  expect(skips).toBeGreaterThanOrEqual(witness.gaps)
  expect(skippedPackets).toBeGreaterThanOrEqual(witness.passedOver)
}

it('property: players and consumers see a gapless stream from a keyframe on, or a counted skip to one', () => {
  fc.assert(
    fc.property(bounds, steps, (options, list) => {
      const stage = new Stage({ ...options, maxJumpMs: 5_000 })
      const truth = new Truth(stage.source)
      const view = (
        which: number,
        step?: { tracks: TrackFilter; start: 'gop' | 'keyframe'; gopsBack: number },
      ): Viewer => {
        const tracks = which < 3 ? 'all' : (step?.tracks ?? 'default')
        const sink = stage.attach({
          tracks,
          start: step?.start ?? 'gop',
          gopsBack: step?.gopsBack ?? 0,
          sinkBudgetBytes: 500,
        })
        return { sink, witness: new Witness(truth, which >= 3), plain: which < 3, pausedFor: 0, exact: false }
      }
      const viewers = Array.from({ length: 6 }, (_, i) => view(i))
      const open = (options: ConsumerOptions): Reader => ({
        consumer: stage.source.consume(options),
        witness: new Witness(truth, (options.tracks ?? 'all') !== 'all'),
        plain: (options.tracks ?? 'all') === 'all',
        exact: false,
      })
      const readers: Reader[] = [open({}), open({}), open({ tracks: 'default' })]
      const errors: unknown[] = []
      stage.hub.on('fanOutError', (error) => errors.push(error))
      let broken = 0
      let dts = 0
      let id = 0
      for (const step of list) {
        switch (step.type) {
          case 'packet':
            dts += step.delta
            stage.publisher.write(MAKERS[step.make](dts, ++id))
            truth.record()
            break
          case 'reader': {
            const viewer = viewers[step.which]!
            const { sink } = viewer
            if (step.what === 'stall') sink.stalled = true
            else if (step.what === 'drain') sink.drain()
            else if (step.what === 'take') sink.take()
            else if (step.what === 'break') sink.isBroken = true
            else if (step.what === 'reopen') {
              const index = step.which % readers.length
              readers[index]!.consumer.detach()
              readers[index] = open(step)
            } else if (step.what === 'replace') {
              check(viewer)
              sink.player!.detach()
              viewers[step.which] = view(step.which, step)
            } else if (!viewer.plain && step.what === 'pause') {
              sink.player!.pause()
              viewer.pausedFor = step.pauseSteps
            } else if (!viewer.plain && step.what === 'tracks') sink.player!.setTracks(step.tracks)
            break
          }
          case 'turn':
            stage.clock.turn()
            break
          case 'time':
            stage.clock.advance(step.amount)
            break
          case 'republish':
            stage.republishAfter(step.amount)
            dts = step.amount * 1_000
            break
          case 'take over':
            stage.publisher = stage.hub.publish('/live/show', { takeOver: true })
            dts = step.amount * 1_000
            break
          case 'read': {
            const reader = readers[step.amount % readers.length]!
            if (reader.consumer.stats().skips === 0) {
              readSome(reader, truth, 1)
              reader.exact ||=
                reader.plain && reader.witness.startSeq >= 0 && reader.consumer.stats().skips === 0
            }
            readSome(reader, truth, step.amount)
            break
          }
        }
        for (const { consumer, witness, plain } of readers) {
          const { skips, skippedPackets, skippedMs } = consumer.stats()
          expect(skippedPackets).toBeGreaterThanOrEqual(plain ? witness.passedOver : 0)
          expect(skips > 0 || skippedMs === 0).toBe(true)
        }
        const { log } = stage.source
        expect(log.head - log.first).toBeLessThanOrEqual(options.maxCachePackets)
        for (const { sink } of viewers)
          expect(sink.queuedBytes).toBeLessThan(500 + 100 * options.maxCachePackets + 1_000)
        for (const [which, viewer] of viewers.entries()) {
          const { sink } = viewer
          if (--viewer.pausedFor === 0) sink.player!.resume()
          check(viewer)
          if (sink.player!.state !== 'closed') continue
          expect(sink.ended).toEqual(['failed'])
          broken++
          viewers[which] = view(which)
        }
        expect(errors).toHaveLength(broken)
      }
      // In the end everyone catches up, and every packet was seen or counted.
      for (const { sink } of viewers) {
        sink.isBroken = false
        sink.drain()
      }
      stage.publisher.write(key((dts += 10), ++id))
      truth.record()
      stage.clock.advance(1_000)
      for (const { sink } of viewers) {
        sink.player!.resume()
        sink.drain()
      }
      for (const viewer of viewers) {
        check(viewer)
        const { skips, skippedPackets, state } = viewer.sink.player!.stats()
        expect(state).toBe('playing')
        if (!viewer.exact) continue
        expect([skippedPackets, skips > 0]).toEqual([viewer.witness.passedOver, viewer.witness.gaps > 0])
      }
      for (const reader of readers) {
        readSome(reader, truth, Infinity)
        const unseen = reader.consumer.stats().skippedPackets - reader.witness.passedOver
        expect(reader.exact ? unseen : 0).toBe(0)
      }
      for (const { sink } of viewers) sink.player!.detach()
      for (const { consumer } of readers) consumer.detach()
      stage.hub.close()
      stage.clock.turn()
      expect([stage.source.stats().views, stage.clock.pending]).toEqual([0, 0])
    }),
    { seed: 1_935, numRuns },
  )
})

/** Frames by laying the bodies one after the other, so that bytes are what they are on the wire. */
const PLAIN: ViewFormat = {
  name: 'plain',
  create: (): Framing => ({
    join: () => new Uint8Array(10),
    frame: (packets: readonly MediaPacket[]) =>
      new Uint8Array(packets.reduce((sum, { body }) => sum + body.length, 0)),
  }),
}

it('property: log, batches and queues stay under their bounds at every step, with 50 sinks that stall', () => {
  const step = fc.record({
    size: fc.oneof({ weight: 9, arbitrary: fc.nat(5_000) }, { weight: 1, arbitrary: fc.nat(200_000) }),
    isKey: fc.nat(12).map((n) => n === 0),
    delta: fc.nat(80),
    turn: fc.boolean(),
    drain: fc.nat(60),
  })
  const budget = 65_536
  const maxCacheBytes = 400_000
  const cap = 128 * 1024
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 250, size: 'max' }), (list) => {
      const stage = new Stage({ maxCacheBytes, maxLagMs: 1_000, sinkBudgetBytes: budget })
      stage.write(key(0, 1))
      const sinks = Array.from({ length: 50 }, (_, i) => {
        const sink = stage.attach({ format: PLAIN, tracks: i % 2 === 0 ? 'default' : 'video' })
        sink.stalled = true
        return sink
      })
      let dts = 0
      let largest = 0
      for (const { size, isKey, delta, turn, drain } of list) {
        dts += delta
        largest = Math.max(largest, size + 5)
        const body = new Uint8Array(size + 5)
        body[0] = isKey ? 0x17 : 0x27
        body[1] = 1
        stage.publisher.write(packetFromTag(9, dts, body))
        if (turn) stage.clock.advance(20)
        sinks[drain]?.take()
        const { cachedBytes, batchBytes } = stage.source.stats()
        expect(cachedBytes).toBeLessThanOrEqual(Math.max(maxCacheBytes, body.length))
        // Two views; a batch goes with its last packet.
        expect(batchBytes).toBeLessThanOrEqual(2 * (maxCacheBytes + Math.max(cap, largest)))
        for (const sink of sinks) {
          expect(sink.queuedBytes).toBeLessThan(budget + Math.max(cap, largest))
          sink.writes.length = 0
        }
      }
    }),
    { seed: 50, numRuns: Math.ceil(numRuns / 6) },
  )
})
