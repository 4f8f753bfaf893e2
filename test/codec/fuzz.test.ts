import fc from 'fast-check'
import {
  AnnexBReader,
  annexBToAvcc,
  AvccReader,
  avccToAnnexB,
  decodeAc3Header,
  decodeAdtsHeader,
  decodeAudioSpecificConfig,
  decodeAv1Configuration,
  decodeAv1SequenceHeader,
  decodeAvcConfiguration,
  decodeAvcSps,
  decodeFlacStreamInfo,
  decodeHevcConfiguration,
  decodeHevcSps,
  decodeMpegAudioHeader,
  decodeOpusHead,
  decodeVpConfiguration,
  decodeVvcConfiguration,
  describeTrack,
  encodeAdtsHeader,
  encodeAudioSpecificConfig,
  encodeAv1Configuration,
  encodeAvcConfiguration,
  encodeFlacStreamInfo,
  encodeHevcConfiguration,
  encodeOpusHead,
  encodeVpConfiguration,
  findAv1SequenceHeader,
  isAvcc,
  joinAnnexB,
  joinAvcc,
  removeEmulationPrevention,
  splitAnnexB,
  splitAvcc,
} from 'millrace/codec'
import { MediaError } from 'millrace/errors'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import { AAC_VECTORS, FLAC_VECTORS, OPUS_VECTORS } from './audio-vectors.ts'
import { AVC_CONFIGURATION_VECTORS, AVC_SPS_VECTORS } from './avc-vectors.ts'
import { HEVC_CONFIGURATION_VECTORS, HEVC_SPS_VECTORS } from './hevc-vectors.ts'
import { AV1_OBU_VECTORS, AV1_VECTORS, VP_VECTORS, VVC_VECTORS } from './video-vectors.ts'

const runs = { seed: 7, numRuns: fuzzRuns(300) }

/** One of `seeds` with a few bytes changed, cut and continued; or any bytes. */
function mutated(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 96 }) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...seeds),
          fc.array(fc.tuple(fc.nat(63), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
          fc.nat(300),
          fc.uint8Array({ maxLength: 12 }),
        )
        .map(([seed, changes, length, tail]) => {
          const bytes = join(seed.subarray(0, length), tail)
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
          return bytes
        }),
    },
  )
}

/** The value, or `undefined` when the bytes are refused; anything but a `MediaError` escapes. */
function tried<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

const bytesOf = (vectors: readonly { readonly bytes: Uint8Array }[]): Uint8Array[] =>
  vectors.map(({ bytes }) => bytes)
const FRAMES = ['fff1508028dffc0000', 'fffb9064', '0b7763181c40ebf8', '0b7700ff3487c000'].map(hex)

const decoders: [name: string, seeds: Uint8Array[], read: (bytes: Uint8Array) => unknown][] = [
  ['H.264 SPS', bytesOf(AVC_SPS_VECTORS), decodeAvcSps],
  ['H.265 SPS', bytesOf(HEVC_SPS_VECTORS), decodeHevcSps],
  ['vvcC', bytesOf(VVC_VECTORS), decodeVvcConfiguration],
  [
    'AV1 OBUs',
    [...bytesOf(AV1_OBU_VECTORS), ...AV1_VECTORS.map(({ value }) => value.configObus)],
    findAv1SequenceHeader,
  ],
  ['AV1 sequence header', AV1_OBU_VECTORS.map(({ bytes }) => bytes.subarray(2)), decodeAv1SequenceHeader],
  ['ADTS', FRAMES, (bytes) => decodeAdtsHeader(bytes)],
  ['MPEG audio', FRAMES, (bytes) => decodeMpegAudioHeader(bytes)],
  ['AC-3', FRAMES, decodeAc3Header],
]
describe('odd bytes are refused as MediaError alone', () => {
  test.each(decoders)('%s', (_, seeds, read) => {
    fc.assert(
      fc.property(mutated(seeds), (bytes) => {
        tried(() => read(bytes))
      }),
      runs,
    )
  })
})

/** A decoder with its encoder: what was read can be written, and reads the same again. */
function roundTrip<T>(
  name: string,
  seeds: Uint8Array[],
  decode: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
) {
  test(name, () => {
    fc.assert(
      fc.property(mutated(seeds), (bytes) => {
        const value = tried(() => decode(bytes))
        if (value === undefined) return
        expect(decode(encode(value))).toEqual(value)
      }),
      runs,
    )
  })
}
describe('what is read can be written and reads the same', () => {
  roundTrip('avcC', bytesOf(AVC_CONFIGURATION_VECTORS), decodeAvcConfiguration, encodeAvcConfiguration)
  roundTrip('av1C', bytesOf(AV1_VECTORS), decodeAv1Configuration, encodeAv1Configuration)
  roundTrip('vpcC', bytesOf(VP_VECTORS), decodeVpConfiguration, encodeVpConfiguration)
  roundTrip('OpusHead', bytesOf(OPUS_VECTORS), decodeOpusHead, encodeOpusHead)
  roundTrip('STREAMINFO', bytesOf(FLAC_VECTORS), decodeFlacStreamInfo, encodeFlacStreamInfo)

  test('hvcC', () => {
    fc.assert(
      fc.property(mutated(bytesOf(HEVC_CONFIGURATION_VECTORS)), (bytes) => {
        const value = tried(() => decodeHevcConfiguration(bytes))
        if (value === undefined) return
        // The array that a NAL unit came in may belie its header; written it goes by the header.
        const again = decodeHevcConfiguration(encodeHevcConfiguration(value))
        expect({ ...again, vps: 0, sps: 0, pps: 0, other: 0, complete: 0 }).toEqual({
          ...value,
          vps: 0,
          sps: 0,
          pps: 0,
          other: 0,
          complete: 0,
        })
        const count = ({ vps, sps, pps, other }: typeof value) =>
          vps.length + sps.length + pps.length + other.length
        expect(count(again)).toBe(count(value))
      }),
      runs,
    )
  })

  test('AudioSpecificConfig, of the types that are written', () => {
    fc.assert(
      fc.property(mutated(bytesOf(AAC_VECTORS)), (bytes) => {
        const value = tried(() => decodeAudioSpecificConfig(bytes))
        if (value === undefined || ![1, 2, 3, 4, 7].includes(value.objectType)) return
        const { samplingFrequencyIndex: _, ...facts } = value // a frequency of the table may have been written out
        expect(decodeAudioSpecificConfig(encodeAudioSpecificConfig(value))).toMatchObject(facts)
      }),
      runs,
    )
  })
})

test('an ADTS header says what the configuration says', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(96_000, 48_000, 44_100, 7350),
      fc.integer({ min: 0, max: 7 }),
      fc.integer({ min: 0, max: 8184 }),
      (objectType, samplingFrequency, channelConfiguration, payloadBytes) => {
        const config = { objectType, samplingFrequency, channelConfiguration }
        const header = decodeAdtsHeader(encodeAdtsHeader(config, payloadBytes))
        expect(header).toMatchObject({
          ...config,
          headerBytes: 7,
          frameBytes: payloadBytes + 7,
          blockCount: 1,
        })
      },
    ),
    runs,
  )
})

test('describeTrack never throws', () => {
  const seeds = [
    ...bytesOf(AVC_CONFIGURATION_VECTORS),
    ...bytesOf(HEVC_CONFIGURATION_VECTORS),
    ...bytesOf(AV1_VECTORS),
    ...bytesOf(AAC_VECTORS),
  ]
  const codecs = [
    'avc1',
    'hvc1',
    'vvc1',
    'av01',
    'vp09',
    'vp08',
    'mp4a',
    '.mp3',
    'Opus',
    'fLaC',
    'ac-3',
    'ec-3',
    '',
  ]
  fc.assert(
    fc.property(fc.constantFrom(...codecs), mutated(seeds), (codec, bytes) => {
      expect(describeTrack(codec, bytes)).toMatchObject({ codec, codecString: expect.any(String) })
    }),
    runs,
  )
})

describe('NAL units', () => {
  /** A NAL unit as an encoder writes it: no start code inside, no zero at the end. */
  const nalUnit = fc
    .array(fc.constantFrom(0, 0, 1, 2, 3, 0x65, 0xff), { minLength: 1, maxLength: 24 })
    .map((bytes) => {
      const clean = bytes.map((byte, i) => (bytes[i - 1] === 0 && bytes[i - 2] === 0 && byte < 2 ? 4 : byte))
      for (let i = 2; i < clean.length; i++)
        if (clean[i - 1] === 0 && clean[i - 2] === 0 && clean[i]! < 2) clean[i] = 4
      return Uint8Array.from([0x41, ...clean, 0x80])
    })
  const units = fc.array(nalUnit, { maxLength: 6 })

  test('go through both forms unchanged', () => {
    fc.assert(
      fc.property(units, (list) => {
        const avcc = joinAvcc(list)
        const annexB = joinAnnexB(list)
        expect(splitAvcc(avcc, 4)).toEqual(list)
        expect(splitAnnexB(annexB)).toEqual(list)
        expect(avccToAnnexB(avcc, 4)).toEqual(annexB)
        expect(annexBToAvcc(annexB)).toEqual(avcc)
      }),
      runs,
    )
  })

  test('lie within any bytes, and both readers see what the splitters see', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.constantFrom(0, 0, 0, 1, 2, 3, 0x65), { maxLength: 64 })
          .map((list) => Uint8Array.from(list)),
        fc.constantFrom(1, 2, 3, 4),
        (bytes, size) => {
          const found = splitAnnexB(bytes)
          const reader = new AnnexBReader()
          reader.reset(bytes)
          for (const unit of found) {
            expect(reader.next()).toBe(true)
            expect([reader.start, reader.end]).toEqual([
              unit.byteOffset - bytes.byteOffset,
              unit.byteOffset - bytes.byteOffset + unit.length,
            ])
            expect(unit.at(-1)).not.toBe(0)
          }
          expect(reader.next()).toBe(false)
          const split = tried(() => splitAvcc(bytes, size))
          expect(split !== undefined).toBe(isAvcc(bytes, size))
          if (split === undefined) return
          const avcc = new AvccReader()
          avcc.reset(bytes, size)
          for (const unit of split) {
            expect(avcc.next()).toBe(true)
            expect(avcc.end - avcc.start).toBe(unit.length)
          }
          expect(avcc.next()).toBe(false)
        },
      ),
      runs,
    )
  })

  test('emulation prevention goes as the plainest reading takes it out', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.constantFrom(0, 0, 0, 1, 2, 3, 3, 0x65), { maxLength: 48 })
          .map((list) => Uint8Array.from(list)),
        (bytes) => {
          const plain: number[] = []
          let zeros = 0
          for (const byte of bytes) {
            if (zeros >= 2 && byte === 3) {
              zeros = 0
              continue
            }
            zeros = byte === 0 ? zeros + 1 : 0
            plain.push(byte)
          }
          expect(removeEmulationPrevention(bytes)).toEqual(Uint8Array.from(plain))
        },
      ),
      runs,
    )
  })
})
