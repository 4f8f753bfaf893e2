import fc from 'fast-check'
import { MediaError } from 'millrace/errors'
import { FlvDemuxer, FlvMuxer } from 'millrace/flv'
import { packetFromTag } from 'millrace/media'
import { expect, test } from 'vitest'
import { join } from '../support/bytes.ts'
import { readClip } from '../support/clips.ts'
import { fuzzRuns } from '../support/fuzz.ts'

const runs = { seed: 10, numRuns: fuzzRuns(300) }
const CLIP = readClip('audio-only-aac.flv').subarray(0, 4000)
const bounds = { maxTagBytes: 3000, maxSkippedBytes: 2000 }

/** What becomes of input that arrives in pieces. */
function demux(pieces: readonly Uint8Array[]) {
  const demuxer = new FlvDemuxer(bounds)
  const packets: [number, string, string][] = []
  let code: string | undefined
  const take = () => {
    for (const { dts, kind, body } of demuxer) packets.push([dts, kind, Buffer.from(body).toString('hex')])
  }
  for (const feed of [...pieces.map((piece) => () => demuxer.push(piece)), () => demuxer.end()]) {
    try {
      feed()
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      ;({ code } = error)
    }
    take()
    if (code !== undefined) break
  }
  const { header, skippedBytes, resyncCount } = demuxer
  return { packets, code, header, skippedBytes, resyncCount }
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

/** A clip with bytes changed, taken out and put in; or any bytes. */
const inputs = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(3999), fc.nat(255)), { maxLength: 6 }),
      fc.tuple(fc.nat(3999), fc.nat(300)),
      fc.tuple(fc.nat(3999), fc.uint8Array({ maxLength: 20 })),
    )
    .map(([changes, [from, count], [place, extra]]) => {
      const changed = Uint8Array.from(CLIP)
      for (const [at, value] of changes) changed[at] = value
      const holed = join(changed.subarray(0, from), changed.subarray(from + count))
      return join(holed.subarray(0, place), extra, holed.subarray(place))
    }),
)

test('any input gives the same at every split, and fails in no other way than a MediaError', () => {
  fc.assert(
    fc.property(inputs, fc.array(fc.nat(), { maxLength: 8 }), (input, places) => {
      const whole = demux([input])
      expect(demux(cut(input, places))).toEqual(whole)
      const bytes = whole.packets.reduce((sum, [, , body]) => sum + body.length / 2, 0)
      expect(bytes + whole.skippedBytes).toBeLessThanOrEqual(input.length)
    }),
    runs,
  )
})

test('what is written is what is read', () => {
  const muxer = new FlvMuxer()
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(8, 9, 18), fc.nat(2 ** 31 - 1), fc.uint8Array({ maxLength: 40 })), {
        minLength: 1,
        maxLength: 10,
      }),
      (tags) => {
        const packets = tags.map(([type, dts, body]) => packetFromTag(type, dts, body))
        const demuxer = new FlvDemuxer()
        demuxer.push(join(muxer.header(), ...packets.map((packet) => muxer.write(packet))))
        expect([...demuxer].map(({ kind, body }) => ({ kind, body }))).toEqual(
          packets.map(({ kind, body }) => ({ kind, body })),
        )
        expect(demuxer.skippedBytes).toBe(0)
      },
    ),
    runs,
  )
})
