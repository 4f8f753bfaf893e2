import fc from 'fast-check'
import { ConfigurationTracker, filterPacket, packetFromTag } from 'millrace/media'
import { LimitError } from 'millrace/errors'
import { expect, test } from 'vitest'
import { join } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import { TAG_VECTORS } from './tag-vectors.ts'

const runs = { seed: 9, numRuns: fuzzRuns(300) }

/** A body of the table with a few bytes changed, cut and continued; or any bytes. */
const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc
    .tuple(
      fc.constantFrom(...TAG_VECTORS.map(({ body }) => body)),
      fc.array(fc.tuple(fc.nat(12), fc.nat(255)), { maxLength: 4 }),
      fc.nat(300),
      fc.uint8Array({ maxLength: 16 }),
    )
    .map(([body, changes, length, tail]) => {
      const mutated = join(body.subarray(0, length), tail)
      for (const [at, value] of changes) if (at < mutated.length) mutated[at] = value
      return mutated
    }),
)

test('no tag body escapes as anything but a packet', () => {
  fc.assert(
    fc.property(fc.constantFrom(8, 9, 18), bodies, (tagType, body) => {
      const packet = packetFromTag(tagType, 0, body)
      const tracks = packet.tracks()
      expect(tracks.length).toBeLessThanOrEqual(256)
      const used = tracks.reduce((sum, { payload }) => sum + payload.length, 0)
      expect(used).toBeLessThanOrEqual(body.length)
      const main = tracks.find(({ trackId }) => trackId === 0)
      expect(packet.payload).toEqual(main?.payload ?? new Uint8Array(0))
      expect(packet.keyframe).toBe(main?.keyframe ?? false)
      expect(packet.configuration).toBe(tracks.some(({ configuration }) => configuration))
      for (const filter of ['default', 'audio', 'video'] as const) filterPacket(packet, filter)
      const single = packet.defaultTrack()
      expect(single === undefined).toBe(main === undefined)
      if (single === undefined || main === undefined) return
      // What the default track is written as says the same when it is read.
      const again = packetFromTag(tagType, 0, single.body)
      const { disposable, timestampOffsetNs } = single
      expect(Object.assign({}, again, { disposable, timestampOffsetNs })).toEqual(Object.assign({}, single))
      expect(again.payload).toEqual(main.payload)
    }),
    runs,
  )
})

test('configuration stays within its bounds whatever comes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(8, 9, 18), bodies), { maxLength: 30 }),
      fc.nat(8),
      fc.nat(200),
      (tags, maxTracks, maxBytes) => {
        const tracker = new ConfigurationTracker({ maxTracks, maxBytes })
        for (const [tagType, body] of tags) {
          try {
            tracker.push(packetFromTag(tagType, 0, body))
          } catch (error) {
            if (!(error instanceof LimitError)) throw error
          }
          const { metadata, audio, video, supplements = [] } = tracker.set
          expect(audio.length).toBeLessThanOrEqual(maxTracks)
          expect(video.length).toBeLessThanOrEqual(maxTracks)
          const kept = [...(metadata === undefined ? [] : [metadata]), ...audio, ...video, ...supplements]
          expect(kept.reduce((sum, { body: bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(maxBytes)
        }
      },
    ),
    runs,
  )
})
