import { demuxFlv, FlvDemuxer, type FlvDemuxerOptions } from 'millrace/flv'
import { describe, expect, test } from 'vitest'
import { ascii, everySplit, hex, join } from '../support/bytes.ts'

const HEADER = hex('46 4c 56 01 05 00 00 00 09 00 00 00 00')
/** AAC sequence header, AVC keyframe at 40 ms, AAC frame at 0x01000028 ms; PreviousTagSize after each. */
const TAG_A = hex('08 00 00 04 00 00 00 00 00 00 00 af 00 12 10 00 00 00 0f')
const TAG_B = hex('09 00 00 08 00 00 28 00 00 00 00 17 01 00 00 50 aa bb cc 00 00 00 13')
const TAG_C = hex('08 00 00 03 00 00 28 01 00 00 00 af 01 21 00 00 00 0e')

const PACKET_A = { kind: 'audio', dts: 0, configuration: true, body: hex('af 00 12 10') }
const PACKET_B = { kind: 'video', dts: 40, keyframe: true, cts: 80, body: hex('17 01 00 00 50 aa bb cc') }
const PACKET_C = { kind: 'audio', dts: 0x0100_0028, coded: true, body: hex('af 01 21') }

function demux(parts: readonly Uint8Array[], options?: FlvDemuxerOptions) {
  const demuxer = new FlvDemuxer(options)
  const packets = []
  for (const part of parts) {
    demuxer.push(part)
    packets.push(...demuxer)
  }
  demuxer.end()
  packets.push(...demuxer)
  const { header, skippedBytes, resyncCount } = demuxer
  return { packets, header, skippedBytes, resyncCount }
}

/** The same file in every cut gives the same. */
function expectAlways(file: Uint8Array, packets: readonly object[], facts: object): void {
  for (const parts of everySplit(file)) {
    const result = demux(parts)
    expect(result.packets).toEqual(packets.map((packet) => expect.objectContaining(packet)))
    expect(result).toMatchObject(facts)
  }
}

describe('a whole stream', () => {
  test('gives its packets at every split', () => {
    expectAlways(join(HEADER, TAG_A, TAG_B, TAG_C), [PACKET_A, PACKET_B, PACKET_C], {
      header: { audio: true, video: true },
      skippedBytes: 0,
      resyncCount: 0,
    })
  })

  test('gives a tag as soon as its PreviousTagSize is there', () => {
    const demuxer = new FlvDemuxer()
    demuxer.push(join(HEADER, TAG_A.subarray(0, -1)))
    expect(demuxer.read()).toBeUndefined()
    demuxer.push(TAG_A.subarray(-1))
    expect(demuxer.read()).toMatchObject(PACKET_A)
    expect(demuxer.read()).toBeUndefined()
  })

  test('lets the caller use its buffer again at once', () => {
    const demuxer = new FlvDemuxer()
    const buffer = join(HEADER, TAG_A, TAG_B.subarray(0, 15))
    demuxer.push(buffer)
    buffer.fill(0xff)
    demuxer.push(TAG_B.subarray(15))
    expect([...demuxer]).toEqual([expect.objectContaining(PACKET_A), expect.objectContaining(PACKET_B)])
  })

  test('without a header', () => {
    expectAlways(join(TAG_A, TAG_B), [PACKET_A, PACKET_B], { header: undefined, skippedBytes: 0 })
  })

  test('without a header, but with PreviousTagSize0', () => {
    expectAlways(join(hex('00 00 00 00'), TAG_A), [PACKET_A], { header: undefined, skippedBytes: 0 })
  })

  test('without PreviousTagSize0', () => {
    expectAlways(join(HEADER.subarray(0, 9), TAG_A, TAG_B), [PACKET_A, PACKET_B], { skippedBytes: 0 })
  })

  test('with a longer header of a later version', () => {
    // version 2, audio alone, DataOffset 12, three bytes more, PreviousTagSize0
    const header = hex('46 4c 56 02 04 00 00 00 0c ee ee ee 00 00 00 00')
    expectAlways(join(header, TAG_A), [PACKET_A], { header: { audio: true, video: false }, skippedBytes: 0 })
  })

  test('with a DataOffset that cannot be', () => {
    const header = hex('46 4c 56 01 05 ff ff ff 09 00 00 00 00')
    expectAlways(join(header, TAG_A), [PACKET_A], { skippedBytes: 0 })
  })

  test('after another: files put together', () => {
    expectAlways(join(HEADER, TAG_A, HEADER, TAG_A), [PACKET_A, PACKET_A], {
      skippedBytes: 0,
      resyncCount: 0,
    })
  })

  test('with a keyframe of a megabyte, in pieces', () => {
    const body = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 7) & 0xff)
    const large = join(hex('09 0f 42 40 00 00 28 00 00 00 00'), body, hex('00 0f 42 4b'))
    const file = join(HEADER, TAG_A, large, TAG_C)
    const pieces = Array.from({ length: 30 }, (_, i) => file.subarray(i * 40_000, (i + 1) * 40_000))
    const { packets, skippedBytes } = demux(pieces)
    expect(packets.map((packet) => packet.body.length)).toEqual([4, 1_000_000, 3])
    expect(Buffer.compare(packets[1]!.body, body)).toBe(0)
    expect(skippedBytes).toBe(0)
  })

  test('of nothing', () => {
    expect(demux([])).toMatchObject({ packets: [], header: undefined })
    expect(demux([HEADER])).toMatchObject({ packets: [], skippedBytes: 0 })
  })

  test('of empty tags', () => {
    const empty = hex('08 00 00 00 00 00 05 00 00 00 00 00 00 00 0b')
    expectAlways(join(HEADER, empty, TAG_A), [{ kind: 'audio', dts: 5, body: hex('') }, PACKET_A], {})
  })

  test("defect: the '@setDataFrame' prefix does not get into packets", () => {
    // TagType 18, DataSize 30: AMF0 '@setDataFrame', 'onMetaData', null
    const tag = hex(`12 00 00 1e 00 00 00 00 00 00 00
                     02 00 0d 40 73 65 74 44 61 74 61 46 72 61 6d 65
                     02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 05 00 00 00 29`)
    const [packet] = demuxFlv(join(HEADER, tag))
    expect(packet?.body).toEqual(hex('02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 05'))
    expect(packet?.configuration).toBe(true)
  })

  test('with script data in AMF3', () => {
    // TagType 15, DataSize 18: format selector 0, AMF0 'onMetaData', AMF0 marker 0x11, AMF3 object {} (0a 0b 01, end 01)
    const tag = hex(`0f 00 00 13 00 00 00 00 00 00 00
                     00 02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 11 0a 0b 01 01 00 00 00 1e`)
    const [packet] = demuxFlv(join(HEADER, tag))
    expect(packet).toMatchObject({ kind: 'data', configuration: true })
    expect(packet?.body).toEqual(hex('02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 03 00 00 09'))
    // A format selector of the future, and values that cannot be read.
    const unknown = hex('0f 00 00 02 00 00 00 00 00 00 00 01 05 00 00 00 0d')
    const damaged = hex('0f 00 00 02 00 00 00 00 00 00 00 00 11 00 00 00 0d')
    expect(demux([join(HEADER, unknown, damaged, TAG_A)])).toMatchObject({
      packets: [PACKET_A],
      skippedBytes: 34,
      resyncCount: 0,
    })
  })
})

describe('time', () => {
  const tagAt = (bytes: string) => hex(`08 00 00 02 ${bytes} 00 00 00 af 01 00 00 00 0d`)
  const dtsOf = (...times: string[]) => demuxFlv(join(HEADER, ...times.map(tagAt))).map(({ dts }) => dts)

  test('defect: 2^31 ms and more is not negative', () => {
    expect(dtsOf('ff ff ff 7f', '00 00 00 80', '00 00 28 80')).toEqual([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 40])
  })

  test('defect: 2^31 ms and more after a sequence header at 0 is not negative', () => {
    expect(dtsOf('00 00 00 00', '00 00 28 80')).toEqual([0, 2 ** 31 + 40])
  })

  test('goes on past 2^32 ms', () => {
    expect(dtsOf('ff ff d8 ff', '00 00 00 00', '00 00 28 00')).toEqual([2 ** 32 - 40, 2 ** 32, 2 ** 32 + 40])
  })
})

describe('PreviousTagSize', () => {
  const wrong = (tag: Uint8Array, size: string) => join(tag.subarray(0, -4), hex(size))

  test('of 0 is forgiven when a tag follows', () => {
    const zero = '00 00 00 00'
    expectAlways(join(HEADER, wrong(TAG_A, zero), wrong(TAG_B, zero), wrong(TAG_C, zero)), [PACKET_A, PACKET_B, PACKET_C], { skippedBytes: 0, resyncCount: 0 }) // prettier-ignore
  })

  test('without the header counted in is forgiven', () => {
    expectAlways(join(HEADER, wrong(TAG_A, '00 00 00 04'), TAG_B), [PACKET_A, PACKET_B], { skippedBytes: 0 })
  })

  test('is forgiven before another file', () => {
    expectAlways(join(HEADER, wrong(TAG_A, '00 00 00 04'), HEADER, TAG_B), [PACKET_A, PACKET_B], {})
  })

  test('may lack after the last tag, in part or whole', () => {
    const file = join(HEADER, TAG_A, TAG_B)
    for (const missing of [1, 2, 3, 4])
      expectAlways(file.subarray(0, -missing), [PACKET_A, PACKET_B], { skippedBytes: 0 })
  })
})

describe('damage', () => {
  test('of garbage between tags is passed over and counted', () => {
    const garbage = hex('de ad be ef 08 09 12 00 00')
    expectAlways(join(HEADER, TAG_A, garbage, TAG_B, TAG_C), [PACKET_A, PACKET_B, PACKET_C], {
      skippedBytes: 9,
      resyncCount: 1,
    })
  })

  test('of a hole costs the tag around it', () => {
    const holed = join(TAG_B.subarray(0, 12), TAG_B.subarray(15))
    expectAlways(join(HEADER, TAG_A, holed, TAG_C, TAG_A), [PACKET_A, PACKET_C, { ...PACKET_A }], {
      skippedBytes: holed.length,
      resyncCount: 1,
    })
  })

  test('of a size that is too large costs that tag alone', () => {
    const large = Uint8Array.from(TAG_B)
    large[2] = 0x40 // DataSize 0x4008
    expectAlways(join(HEADER, TAG_A, large, TAG_C), [PACKET_A, PACKET_C], { skippedBytes: large.length })
  })

  test('at the start: joined in the middle of a tag', () => {
    expectAlways(join(TAG_B.subarray(9), TAG_C, TAG_A), [PACKET_C, { ...PACKET_A }], { skippedBytes: 14 })
  })

  test('followed by a new file', () => {
    expectAlways(join(HEADER, TAG_A, hex('ff ff'), HEADER, TAG_B), [PACKET_A, PACKET_B], {
      skippedBytes: 2,
      resyncCount: 1,
    })
  })

  test('with FLV in it is not taken for a file', () => {
    expectAlways(join(HEADER, TAG_A, hex('ff'), ascii('FLV is a format'), TAG_B), [PACKET_A, PACKET_B], {
      skippedBytes: 16,
    })
  })

  test('of a last tag that is cut off is counted', () => {
    expectAlways(join(HEADER, TAG_A, TAG_B.subarray(0, 15)), [PACKET_A], { skippedBytes: 15 })
    expectAlways(join(HEADER, TAG_A, TAG_B.subarray(0, 5)), [PACKET_A], { skippedBytes: 5 })
  })

  test('does not believe a tag that only looks like one', () => {
    // TagType 8, DataSize 2, stream id 0, but a PreviousTagSize of 14
    const likely = hex('08 00 00 02 00 00 00 00 00 00 00 af 01 00 00 00 0e')
    expectAlways(join(HEADER, TAG_A, hex('ff'), likely, TAG_B), [PACKET_A, PACKET_B], { skippedBytes: 18 })
  })
})

describe('tags of other types', () => {
  test('are passed over when their PreviousTagSize agrees', () => {
    const future = hex('07 00 00 01 00 00 00 00 00 00 00 aa 00 00 00 0c')
    const encrypted = hex('28 00 00 01 00 00 00 00 00 00 00 aa 00 00 00 0c') // filter bit, audio
    expectAlways(join(HEADER, future, encrypted, TAG_A), [PACKET_A], { skippedBytes: 32, resyncCount: 0 })
  })

  test('with a stream id that is not 0 are believed on their PreviousTagSize', () => {
    const tag = Uint8Array.from(TAG_A)
    tag[10] = 1 // StreamID 1
    expectAlways(join(HEADER, tag, TAG_B), [PACKET_A, PACKET_B], { skippedBytes: 0 })
  })
})

describe('bounds', () => {
  test('a tag of maxTagBytes is read, of one more is passed over', () => {
    expect(demux([join(HEADER, TAG_B, TAG_A)], { maxTagBytes: 8 })).toMatchObject({
      packets: [PACKET_B, PACKET_A],
      skippedBytes: 0,
    })
    expect(demux([join(HEADER, TAG_B, TAG_A)], { maxTagBytes: 7 })).toMatchObject({
      packets: [PACKET_A],
      skippedBytes: TAG_B.length,
    })
  })

  test('maxSkippedBytes in one go are passed over, one more is an error for good', () => {
    const garbage = new Uint8Array(100).fill(0xff)
    expect(demux([join(HEADER, garbage, TAG_A, garbage, TAG_B)], { maxSkippedBytes: 100 })).toMatchObject({
      packets: [PACKET_A, PACKET_B],
      skippedBytes: 200,
      resyncCount: 2,
    })
    const demuxer = new FlvDemuxer({ maxSkippedBytes: 99 })
    demuxer.push(join(HEADER, TAG_A, garbage.subarray(1)))
    const failure = expect.objectContaining({ code: 'ERR_FLV_SKIPPED' })
    expect(() => demuxer.push(hex('ff'))).toThrow(failure)
    expect(() => demuxer.push(TAG_A)).toThrow(failure)
    expect(demuxer.read()).toMatchObject(PACKET_A)
    demuxer.end()
    expect(demuxer.read()).toBeUndefined()
  })

  test('bytes of another format are an error at the end', () => {
    const failure = expect.objectContaining({ name: 'DecodeError', code: 'ERR_FLV_NO_TAG' })
    const page = ascii('<!doctype html><title>404</title>')
    // A ftyp box: what an MP4 file begins with.
    for (const file of [
      page,
      hex('00 00 00 10 66 74 79 70 69 73 6f 6d 00 00 02 00'),
      hex('00'),
      hex('46 4c'),
    ]) {
      for (const parts of everySplit(file)) expect(() => demux(parts)).toThrow(failure)
      expect(() => demuxFlv(file)).toThrow(failure)
    }
    expect(demuxFlv(new Uint8Array(0))).toEqual([])
    expect(demuxFlv(HEADER)).toEqual([])
    const demuxer = new FlvDemuxer()
    demuxer.push(page)
    expect(() => demuxer.end()).toThrow(failure)
    demuxer.end()
    expect(() => demuxer.push(HEADER)).toThrow(failure)
  })

  test('nothing is taken after the end', () => {
    const demuxer = new FlvDemuxer()
    demuxer.end()
    demuxer.end()
    expect(() => demuxer.push(TAG_A)).toThrow(TypeError)
  })
})
