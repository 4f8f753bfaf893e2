import fc from 'fast-check'
import { MediaError } from 'millrace/errors'
import type { MediaPacket } from 'millrace/media'
import { FragmentedMp4Muxer, type Mp4Index, Mp4IndexReader, planMp4 } from 'millrace/mp4'
import { expect, test } from 'vitest'
import { aacConfiguration, aacFrame, avcConfiguration, avcFrame, mp3Frame } from '../mpegts/packets.ts'
import { join } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import { clipMp4 } from '../support/mp4.ts'
import { findAll } from './boxes.ts'

const runs = { seed: 14, numRuns: fuzzRuns(300) }
/** The header and the first fragment of a clip with two tracks, as far as the mdat. */
const CLIP = clipMp4('avc-aac-bframes.flv').subarray(0, 4000)
const bounds = { maxBoxBytes: 4000, maxIndexBytes: 200_000 }

/** Reads; gives what there is, also after a throw. */
function read(
  file: Uint8Array,
  fileBytes: number,
  readAheadBytes: number,
): { index: Mp4Index; code: string | undefined } {
  const reader = new Mp4IndexReader({ fileBytes, readAheadBytes, ...bounds })
  try {
    for (let next = reader.wanted(); next !== undefined; next = reader.wanted()) {
      expect(next.length).toBeGreaterThan(0)
      expect(next.offset + next.length).toBeLessThanOrEqual(fileBytes)
      reader.push(file.subarray(next.offset, next.offset + next.length))
    }
    return { index: reader.index, code: undefined }
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return { index: reader.index, code: reader.wanted() === undefined ? error.code : 'still wanted' }
  }
}

/** A file with bytes changed, taken out and put in; or any bytes. */
const files = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(3999), fc.nat(255)), { maxLength: 6 }),
      fc.tuple(fc.nat(3999), fc.nat(100)),
      fc.tuple(fc.nat(3999), fc.uint8Array({ maxLength: 20 })),
    )
    .map(([changes, [from, count], [place, extra]]) => {
      const changed = Uint8Array.from(CLIP)
      for (const [at, value] of changes) changed[at] = value
      const holed = join(changed.subarray(0, from), changed.subarray(from + count))
      return join(holed.subarray(0, place), extra, holed.subarray(place))
    }),
)

test(
  'any file gives samples that lie in it and a plan that adds up, or a MediaError',
  { timeout: 300_000 },
  () => {
    fc.assert(
      fc.property(files, fc.integer({ min: 1, max: 5000 }), fc.nat(100_000), (file, readAheadBytes, more) => {
        const fileBytes = file.length + more
        const { index, code } = read(file, fileBytes, readAheadBytes)
        expect(index.indexBytes).toBeLessThanOrEqual(bounds.maxIndexBytes)
        if (code !== undefined) return
        let media = 0
        for (const track of index.tracks) {
          let count = 0
          let dts = -1
          for (const sample of track.samples()) {
            expect(sample.offset + sample.size).toBeLessThanOrEqual(fileBytes)
            expect(sample.dts).toBeGreaterThanOrEqual(dts)
            ;({ dts } = sample)
            media += sample.size
            count++
          }
          expect(count).toBe(track.sampleCount)
        }
        expect(media).toBe(index.mediaBytes)
        const plan = planMp4(index)
        if (plan === undefined) return
        const header = Array.from(plan.header(), ({ length }) => length).reduce(
          (sum, length) => sum + length,
          0,
        )
        const copied = Array.from(plan.ranges(), ({ length }) => length).reduce(
          (sum, length) => sum + length,
          0,
        )
        expect([header, header + copied]).toEqual([plan.headerBytes, plan.fileBytes])
      }),
      runs,
    )
  },
)

test('what is read does not depend on how it is read', () => {
  fc.assert(
    fc.property(
      files,
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 5000 }),
      (file, one, other) => {
        const first = read(file, file.length, one)
        const second = read(file, file.length, other)
        expect(second.code).toBe(first.code)
        expect(second.index.endedBy).toBe(first.index.endedBy)
        expect(second.index.tracks.map((track) => [...track.samples()])).toEqual(
          first.index.tracks.map((track) => [...track.samples()]),
        )
      },
    ),
    runs,
  )
})

/** Packets of two tracks with times that jitter, step back and pause; cuts in between. */
const streams = fc.array(
  fc.record({
    kind: fc.constantFrom('video', 'key', 'audio', 'cut'),
    step: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: -900, max: 3000 })),
    cts: fc.integer({ min: -100, max: 300 }),
  }),
  { minLength: 1, maxLength: 60 },
)

test('every packet that is written is read with its time', () => {
  fc.assert(
    fc.property(streams, fc.constantFrom(aacFrame, mp3Frame), (steps, audioFrame) => {
      const muxer = new FragmentedMp4Muxer({ audioRoundingMs: 0, originDts: 0 })
      muxer.write(avcConfiguration())
      if (audioFrame === aacFrame) muxer.write(aacConfiguration())
      const fragments: Uint8Array[] = []
      const expected: Record<'audio' | 'video', { pts: number; keyframe: boolean; size: number }[]> = {
        audio: [],
        video: [],
      }
      const last = { audio: -Infinity, video: -Infinity }
      let now = 10_000
      for (const { kind, step, cts } of steps) {
        now = Math.max(0, now + step)
        if (kind === 'cut') {
          if (muxer.tracks.length === 2) fragments.push(muxer.fragment()?.bytes ?? new Uint8Array(0))
          continue
        }
        const packet: MediaPacket =
          kind === 'audio' ? audioFrame(now) : avcFrame(now, { keyframe: kind === 'key', cts })
        if (muxer.write(packet) !== 'written') continue
        const track = packet.kind === 'audio' ? 'audio' : 'video'
        // Decode times do not run back; the presentation time of video stays, audio has one time.
        last[track] = Math.max(last[track], now)
        const pts = track === 'audio' ? last.audio : packet.pts
        expected[track].push({
          pts,
          keyframe: track === 'audio' || kind === 'key',
          size: packet.payload.length,
        })
      }
      fragments.push(muxer.end()?.bytes ?? new Uint8Array(0))
      const file = join(muxer.init(), ...fragments)
      const { index, code } = read(file, file.length, 1000)
      expect([code, index.endedBy]).toEqual([undefined, 'end'])
      const found = Object.fromEntries(
        index.tracks.map((track) => [
          track.kind,
          Array.from(track.samples(), ({ pts, keyframe, size }) => {
            return { pts: Math.round((pts * 1000) / track.timescale), keyframe, size }
          }),
        ]),
      )
      expect({ audio: [], video: [], ...found }).toEqual(expected)
      expect(findAll(file, 'mdat').reduce((sum, { length }) => sum + length, 0)).toBe(index.mediaBytes)
    }),
    { ...runs, numRuns: Math.ceil(runs.numRuns / 3) },
  )
})
