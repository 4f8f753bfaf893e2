import fc from 'fast-check'
import { encodeLeb128 } from 'millrace/codec'
import { demuxFlv } from 'millrace/flv'
import { AccessUnitConverter } from 'millrace/media'
import {
  createDepacketizer,
  createPacketizer,
  decodeStreamMuxConfig,
  type Depacketizer,
  encodeStreamMuxConfig,
  type RtpFormat,
  rtpFormatFor,
  type RtpFrame,
  type RtpPacket,
} from 'millrace/rtp'
import { describe, expect, it } from 'vitest'
import { avcc, nal } from '../mpegts/packets.ts'
import { hex, join, toHex } from '../support/bytes.ts'
import { readClip } from '../support/clips.ts'
import { fuzzRuns } from '../support/fuzz.ts'

const ASC = hex('1190') // AudioSpecificConfig: AAC-LC, 48 kHz, stereo

function formatOf(codec: string, more: Partial<RtpFormat> = {}): RtpFormat {
  return { ...rtpFormatFor(codec, codec === 'mp4a' ? ASC : undefined)!, ...more }
}

const LATM = formatOf('mp4a', { encoding: 'MP4A-LATM', parameters: new Map([['config', '400023203fc0']]) })

/** One packet of a test: timestamp, marker (`*`) and payload in hex; `!` for one before which packets are missing. */
type Sent = readonly [timestamp: number, flags: string, payload: string | Uint8Array]

function receive(depacketizer: Depacketizer, sent: readonly Sent[]): RtpFrame[] {
  const frames: RtpFrame[] = []
  for (const [sequenceNumber, [timestamp, flags, payload]] of sent.entries()) {
    const bytes = typeof payload === 'string' ? hex(payload) : payload
    const packet: RtpPacket = {
      payloadType: 96,
      marker: flags.includes('*'),
      sequenceNumber,
      timestamp,
      ssrc: 1,
      payload: bytes,
    }
    frames.push(...depacketizer.push(packet, flags.includes('!')))
  }
  const last = depacketizer.flush()
  return last === undefined ? frames : [...frames, last]
}

/** `timestamp bytes`, with `lost` for a frame before which something is missing. */
function framesOf(format: RtpFormat, sent: readonly Sent[]): string[] {
  return receive(createDepacketizer(format)!, sent).map(
    ({ timestamp, data, lost }) => `${timestamp}${lost ? ' lost' : ''} ${toHex(data).replaceAll(' ', '')}`,
  )
}

/** Payloads in hex, `*` for the marker. */
function sentOf(format: RtpFormat, data: Uint8Array, maxPayloadBytes = 64): string[] {
  const payloads = createPacketizer(format, maxPayloadBytes)!.push(data)
  return payloads.map(({ payload, marker }) => `${marker ? '*' : ''}${toHex(payload).replaceAll(' ', '')}`)
}

describe('H.264, RFC 6184', () => {
  const avc = formatOf('avc1')

  it('takes single NAL units, up to the marker', () => {
    expect(framesOf(avc, [[0, '', '67 42'], [0, '', '68 ce'], [0, '*', '65 88 80'], [3600, '*', '41 9a']])).toEqual([
      '0 000000026742' + '0000000268ce' + '00000003658880',
      '3600 00000002419a',
    ]) // prettier-ignore
  })

  it('takes STAP-A', () => {
    // F 0, NRI 3, type 24 | size 2, NAL unit | size 3, NAL unit
    expect(framesOf(avc, [[0, '*', '78 0002 6742 0003 658880']])).toEqual(['0 00000002674200000003658880'])
  })

  it('takes FU-A: NRI of the indicator, type of the header', () => {
    // indicator: NRI 3, type 28 | S 1, type 5 · neither · E 1
    const sent: Sent[] = [[0, '', '7c 85 88 01'], [0, '', '7c 05 02'], [0, '*', '7c 45 03']] // prettier-ignore
    expect(framesOf(avc, sent)).toEqual(['0 000000056588010203'])
  })

  it('ends a unit with the next timestamp where there is no marker', () => {
    expect(framesOf(avc, [[0, '', '65 88'], [3600, '', '41 9a'], [7200, '', '41 9b']])).toEqual([
      '0 000000026588',
      '3600 00000002419a',
      '7200 00000002419b',
    ]) // prettier-ignore
  })

  it('finds out markers that lie: the picture is lost, those after it are whole', () => {
    // two slices a picture (first_mb_in_slice 0 and not), a marker on each
    const picture = (timestamp: number): Sent[] => [[timestamp, '*', '41 9a'], [timestamp, '*', '41 40']] // prettier-ignore
    expect(framesOf(avc, [...picture(0), ...picture(3600), ...picture(7200)])).toEqual([
      '0 00000002419a',
      '3600 lost 00000002419a000000024140',
      '7200 00000002419a000000024140',
    ])
  })

  it('throws a unit away of which a part is missing, and says so with the next one', () => {
    const lost: [name: string, sent: Sent[]][] = [
      ['a fragment', [[0, '', '7c 85 88'], [0, '!*', '7c 45 03']]],
      ['the last fragment', [[0, '', '7c 85 88'], [3600, '!', '41 9a'], [3600, '!*', '41 9b']]],
      ['the first slice', [[0, '!*', '41 40']]],
      ['the first fragment', [[0, '*', '7c 45 03']]],
    ] // prettier-ignore
    for (const [name, sent] of lost)
      expect(framesOf(avc, [...sent, [9000, '*', '41 9c']]), name).toEqual(['9000 lost 00000002419c'])
  })

  it.each([
    ['STAP-B', '79 0000 0002 6742'],
    ['FU-B', '7d 85 0000 88'],
    ['type 0', '60 88'],
    ['a size past the end of a STAP-A', '78 0009 6742'],
    ['a fragment without a body', '7c 85'],
  ])('%s costs its unit alone', (_, payload) => {
    const depacketizer = createDepacketizer(avc)!
    const frames = receive(depacketizer, [[0, '*', payload], [3600, '*', '65 88']]) // prettier-ignore
    expect(frames.map(({ timestamp, lost }) => [timestamp, lost])).toEqual([[3600, true]])
    expect(depacketizer.damagedCount).toBeGreaterThan(0)
  })

  it('throws a unit away that is larger than its bound', () => {
    for (const [bytes, count] of [
      [100, 1],
      [101, 0],
    ] as const) {
      // prettier-ignore
      const depacketizer = createDepacketizer(avc, { maxFrameBytes: 100 })!
      const slice = join(hex('6588'), nal(0x11, bytes - 2))
      expect(receive(depacketizer, [[0, '*', slice]])).toHaveLength(count)
    }
  })

  it('is written with small units together and large ones in fragments', () => {
    const large = nal(0x65, 150)
    expect(sentOf(avc, avcc([hex('6742'), hex('68ce'), large]))).toEqual([
      '780002674200 0268ce'.replaceAll(' ', ''), // NRI 3, type 24
      `7c85${toHex(large.subarray(1, 63)).replaceAll(' ', '')}`, // S
      `7c05${toHex(large.subarray(63, 125)).replaceAll(' ', '')}`,
      `*7c45${toHex(large.subarray(125)).replaceAll(' ', '')}`, // E
    ])
    expect(sentOf(avc, avcc([hex('0612'), hex('419a')]))).toEqual(['*58000206120002419a']) // NRI 2: the greatest
    expect(sentOf(avc, avcc([hex('419a')]))).toEqual(['*419a'])
  })
})

describe('HEVC, RFC 7798', () => {
  const hevc = formatOf('hvc1')

  it('takes single NAL units, aggregation packets and fragments', () => {
    // type 48 (0x60), TID 1 | size 3, VPS | size 3, IDR slice
    expect(framesOf(hevc, [[0, '*', '60 01 0003 40010c 0003 2601af']])).toEqual([
      '0 0000000340010c000000032601af',
    ])
    // type 49 (0x62), TID 1 | S 1, type 19 · E 1
    expect(framesOf(hevc, [[0, '', '62 01 93 af'], [0, '*', '62 01 53 08']])).toEqual(['0 000000042601af08']) // prettier-ignore
    expect(framesOf(hevc, [[0, '*', '02 01 d0']])).toEqual(['0 000000030201d0']) // TRAIL_R
  })

  it('is written so', () => {
    const large = nal(0x26, 130)
    large[1] = 0x01
    expect(sentOf(hevc, avcc([hex('40010c'), hex('420101')]))).toEqual(['*6001000340010c0003420101'])
    // type 49, TID 1 | S 1, E 1 or none, type 19
    const heads = sentOf(hevc, avcc([large])).map((text) => text.replace('*', '').slice(0, 6))
    expect(heads).toEqual(['620193', '620113', '620153'])
  })

  it('refuses PACI', () => expect(framesOf(hevc, [[0, '*', '64 01 0000 2601']])).toEqual([]))
})

describe('AAC, RFC 3640', () => {
  const aac = formatOf('mp4a')

  it('takes several frames of a packet, each 1024 ticks after the one before', () => {
    // AU-headers-length 32 bits | size 2 (13 bits), index 0 | size 3, delta 0 | frames
    expect(framesOf(aac, [[100, '*', '0020 0010 0018 21aa 21bbbb']])).toEqual(['100 21aa', '1124 21bbbb'])
  })

  it('takes a frame of several packets, each of which says the whole size', () => {
    expect(framesOf(aac, [[0, '', '0010 0028 21aa'], [0, '*', '0010 0028 bbccdd']])).toEqual(['0 21aabbccdd']) // prettier-ignore
  })

  it('takes AAC-lbr and frames without headers', () => {
    // 6 bits of size, 2 of index: size 2
    const lbr = new Map([['sizelength', '6'], ['indexlength', '2'], ['indexdeltalength', '2']]) // prettier-ignore
    expect(framesOf(formatOf('mp4a', { parameters: lbr }), [[0, '*', '0008 08 21aa']])).toEqual(['0 21aa'])
    const constant = new Map([['constantsize', '2']])
    expect(framesOf(formatOf('mp4a', { parameters: constant }), [[0, '*', '21aa']])).toEqual(['0 21aa'])
  })

  it('counts 2048 ticks a frame where the clock is that of SBR', () => {
    // HE-AAC, signalled in front: object type 5, 24 kHz (6), stereo, 48 kHz (3), LC
    const format = formatOf('mp4a', { configuration: hex('2b118800'), clockRate: 48_000 })
    expect(framesOf(format, [[0, '*', '0020 0010 0010 21aa 21bb']])).toEqual(['0 21aa', '2048 21bb'])
  })

  it.each([
    ['headers past the end', '0080 0010'],
    ['a second frame past the end', '0020 0010 0048 21aa 21'],
    ['one byte', '00'],
  ])('%s costs the packet', (_, payload) => {
    const frames = framesOf(aac, [[0, '*', payload], [1024, '*', '0010 0010 21cc']]) // prettier-ignore
    expect(frames.at(-1)).toBe('1024 lost 21cc')
  })

  it('throws a frame away of which a fragment is missing', () => {
    const sent: Sent[] = [[0, '', '0010 0028 21aa'], [1024, '!*', '0010 0010 21cc']] // prettier-ignore
    expect(framesOf(aac, sent)).toEqual(['1024 lost 21cc'])
  })

  it('is written as AAC-hbr, in fragments where it is large', () => {
    expect(sentOf(aac, hex('21aa'))).toEqual(['*0010001021aa'])
    const large = nal(0x21, 100)
    expect(sentOf(aac, large).map((text) => text.slice(0, 9))).toEqual(['001003202', '*00100320'])
    expect(() => sentOf(aac, nal(0x21, 8192), 9000)).toThrow(
      expect.objectContaining({ code: 'ERR_RTP_PAYLOAD' }),
    )
  })
})

describe('AAC as LATM, RFC 6416', () => {
  it('takes a frame behind its length in 255s, over several packets as well', () => {
    const frame = nal(0x21, 300)
    expect(framesOf(LATM, [[0, '*', '02 21aa']])).toEqual(['0 21aa'])
    const sent: Sent[] = [[0, '', join(hex('ff 2d'), frame.subarray(0, 100))], [0, '*', frame.subarray(100)]] // prettier-ignore
    expect(framesOf(LATM, sent)).toEqual([`0 ${toHex(frame).replaceAll(' ', '')}`])
  })

  it('takes several frames of an element', () => {
    // audioMuxVersion 0, same framing 1, numSubFrames 1: 0 1 000001 0000 000, then the configuration
    const parameters = new Map([['config', '410023203fc0']])
    expect(framesOf({ ...LATM, parameters }, [[0, '*', '02 21aa 01 cc']])).toEqual(['0 21aa', '1024 cc'])
  })

  it('throws an element away whose end is missing, or whose length is wrong', () => {
    expect(framesOf(LATM, [[0, '', '05 21aa'], [1024, '*', '01 cc']])).toEqual(['1024 lost cc']) // prettier-ignore
    expect(framesOf(LATM, [[0, '*', '05 21aa'], [1024, '*', '01 cc']])).toEqual(['1024 lost cc']) // prettier-ignore
  })

  it.each([
    ['ffmpeg', '400023203fc0', '1190'],
    ['GStreamer, with a sync extension', '40002320adca00', '119056e500'],
  ])('reads the StreamMuxConfig of %s', (_, config, configuration) => {
    const read = decodeStreamMuxConfig(hex(config))
    expect(read).toEqual({ frameCount: 1, configuration: hex(configuration), frameSamples: 1024 })
  })

  it('reads the StreamMuxConfig of version 1', () => {
    // audioMuxVersion 1, A 0 | taraBufferFullness: 1 byte, 255 | same framing 1, numSubFrames 0, numProgram 0, numLayer 0
    // | ascLen: 1 byte, 16 | AudioSpecificConfig
    const bits = '10' + '00' + '11111111' + '10000000000000' + '00' + '00010000' + '0001000110010000'
    const bytes = Uint8Array.from(bits.match(/.{1,8}/g)!, (byte) => Number.parseInt(byte.padEnd(8, '0'), 2))
    expect(decodeStreamMuxConfig(bytes)).toMatchObject({ frameCount: 1, configuration: hex('1190') })
  })

  it('writes the one that ffmpeg writes', () =>
    expect(toHex(encodeStreamMuxConfig(ASC))).toBe('40 00 23 20 3f c0'))

  it('refuses more than one layer', () => {
    expect(() => decodeStreamMuxConfig(hex('400223203fc0'))).toThrow(
      expect.objectContaining({ code: 'ERR_RTP_PAYLOAD' }),
    )
    expect(() => decodeStreamMuxConfig(hex('40'))).toThrow(expect.objectContaining({ code: 'ERR_BYTES_END' }))
  })

  it('is written so', () => expect(sentOf(LATM, hex('21aa'))).toEqual(['*0221aa']))
})

describe('MPEG audio, RFC 2250', () => {
  const mp3 = formatOf('.mp3')
  /** MPEG-1 layer III, 32 kbit/s, 48 kHz: 96 bytes, 1152 samples, 2160 ticks. */
  const frame = join(hex('fffb1464'), nal(0x11, 92))
  const text = toHex(frame).replaceAll(' ', '')

  it('takes several frames of a packet', () => {
    expect(framesOf(mp3, [[0, '', join(hex('0000 0000'), frame, frame)]])).toEqual([
      `0 ${text}`,
      `2160 ${text}`,
    ])
  })

  it('takes a frame of several packets, if none of them is missing', () => {
    const sent: Sent[] = [
      [0, '', join(hex('0000 0000'), frame.subarray(0, 50))],
      [0, '', join(hex('0000 0032'), frame.subarray(50))],
    ]
    expect(framesOf(mp3, sent)).toEqual([`0 ${text}`])
    expect(framesOf(mp3, [sent[1]!, [2160, '', join(hex('0000 0000'), frame)]])).toEqual([
      `2160 lost ${text}`,
    ])
  })

  it('is written so', () => {
    expect(sentOf(mp3, frame).map((payload) => payload.slice(0, 8))).toEqual(['00000000', '0000003c'])
  })
})

describe('AV1', () => {
  const av1 = formatOf('av01')
  // OBU header without size field: type 1 (sequence header) 0x08, type 6 (frame) 0x30; with it 0x0a and 0x32
  it('takes elements with sizes, and gives the OBUs theirs', () => {
    // W 0, N 1 | size 3, OBU | size 2, OBU
    expect(framesOf(av1, [[0, '*', '08 03 08aabb 02 30cc']])).toEqual(['0 0a02aabb3201cc'])
    // W 2: the last has no size
    expect(framesOf(av1, [[0, '*', '28 03 08aabb 30cc']])).toEqual(['0 0a02aabb3201cc'])
  })

  it('takes OBUs of several packets', () => {
    // Y 1, W 1 · Z 1, Y 1, W 1 · Z 1, W 2
    const sent: Sent[] = [[0, '', '50 30aa'], [0, '', 'd0 bb'], [0, '*', 'a0 01 cc 30dd']] // prettier-ignore
    expect(framesOf(av1, sent)).toEqual(['0 3203aabbcc3201dd'])
  })

  it('leaves out temporal delimiters, and keeps sizes and extensions', () => {
    // delimiter 0x10 | frame with size field 0x32 01 | frame with extension 0x34 08
    expect(framesOf(av1, [[0, '*', '00 01 10 03 3201aa 03 3408bb']])).toEqual(['0 3201aa360801bb'])
  })

  it('throws a temporal unit away of which a part is missing', () => {
    const sent: Sent[] = [[0, '', '50 30aa'], [0, '!*', '90 cc'], [3000, '*', '10 30dd']] // prettier-ignore
    expect(framesOf(av1, sent)).toEqual(['3000 lost 3201dd'])
    expect(framesOf(av1, [[0, '*', '90 cc'], [3000, '*', '10 30dd']])).toEqual(['3000 lost 3201dd']) // prettier-ignore
    expect(framesOf(av1, [[0, '*', '00 09 30'], [3000, '*', '10 30dd']])).toEqual(['3000 lost 3201dd']) // prettier-ignore
  })

  it('is written without size fields, and says where a sequence begins', () => {
    expect(sentOf(av1, hex('1200 0a02aabb 3201cc'))).toEqual(['*080308aabb0230cc'])
    const large = nal(0x11, 100)
    const sent = sentOf(av1, join(hex('32'), encodeLeb128(100), large))
    // Y 1 | size 62, OBU header … · Z 1 | size 39 …
    expect(sent[0]).toMatch(/^403e30/)
    expect(sent[1]).toMatch(/^\*8027/)
    expect(sent).toHaveLength(2)
  })
})

describe('VP8 and VP9', () => {
  const vp8 = formatOf('vp08')
  const vp9 = formatOf('vp09')

  it.each([
    ['the shortest descriptor', '10 aabb'],
    ['a picture id of 7 bits', '90 80 11 aabb'],
    ['a picture id of 15 bits', '90 80 9234 aabb'],
    ['all of it', '90 f0 9234 07 60 aabb'], // I L T K | picture id | TL0PICIDX | TID Y KEYIDX
  ])('VP8: %s', (_, payload) => expect(framesOf(vp8, [[0, '*', payload]])).toEqual(['0 aabb']))

  it.each([
    ['the shortest descriptor', '0c aabb'], // B E
    ['a picture id', '8c 11 aabb'],
    ['a long picture id', '8c 9234 aabb'],
    ['layers', 'ac 11 20 07 aabb'], // I L B E | id | TID SID | TL0PICIDX
    ['references', 'dc 11 03 05 06 aabb'], // I P F B E | id | P_DIFF 1 N, P_DIFF 2 N, P_DIFF 3
    ['a structure', '8e 11 18 0140 00b4 01 04 01 aabb'], // … V | N_S 0, Y, G | size | N_G 1: R 1 | P_DIFF
  ])('VP9: %s', (_, payload) => expect(framesOf(vp9, [[0, '*', payload]])).toEqual(['0 aabb']))

  it('put frames together, and throw those away whose start or middle is missing', () => {
    expect(framesOf(vp8, [[0, '', '10 aa'], [0, '*', '00 bb']])).toEqual(['0 aabb']) // prettier-ignore
    expect(framesOf(vp8, [[0, '!*', '00 bb'], [3000, '*', '10 cc']])).toEqual(['3000 lost cc']) // prettier-ignore
    expect(framesOf(vp9, [[0, '', '08 aa'], [0, '!*', '04 bb'], [3000, '*', '0c cc']])).toEqual(['3000 lost cc']) // prettier-ignore
    expect(framesOf(vp9, [[0, '*', '8e 11'], [3000, '*', '0c cc']])).toEqual(['3000 lost cc']) // prettier-ignore
  })

  it('are written with picture ids', () => {
    const packetizer = createPacketizer(vp8, 64)!
    expect(packetizer.push(hex('10aa')).map(({ payload }) => toHex(payload))).toEqual(['90 80 80 00 10 aa'])
    expect(packetizer.push(hex('11bb')).map(({ payload }) => toHex(payload))).toEqual(['90 80 80 01 11 bb'])
    expect(sentOf(vp9, hex('82aa'))).toEqual(['*8c800082aa']) // a keyframe: no P
    expect(sentOf(vp9, hex('86aa'))).toEqual(['*cc800086aa'])
  })
})

describe('Opus, G.711 and MPEG-TS', () => {
  it('are their payload', () => {
    for (const codec of ['Opus', 'alaw', 'ulaw', 'mp2t'])
      expect(framesOf(formatOf(codec), [[7, '', 'fcaa'], [8, '!', 'fcbb']])).toEqual(['7 fcaa', '8 lost fcbb']) // prettier-ignore
  })

  it('G.711 is cut where it is too long, each part at its time', () => {
    const payloads = createPacketizer(formatOf('alaw'), 64)!.push(nal(1, 100))
    expect(payloads.map(({ payload, ticks }) => [payload.length, ticks])).toEqual([[64, 0], [36, 64]]) // prettier-ignore
  })

  it('a transport stream is cut at its packets', () => {
    const packetizer = createPacketizer(formatOf('mp2t'))!
    expect(packetizer.push(new Uint8Array(188 * 8)).map(({ payload }) => payload.length)).toEqual([1316, 188])
    expect(() => packetizer.push(new Uint8Array(187))).toThrow(
      expect.objectContaining({ code: 'ERR_RTP_PAYLOAD' }),
    )
  })

  it('a packet of Opus that does not fit is refused', () => {
    expect(() => createPacketizer(formatOf('Opus'), 64)!.push(nal(0xfc, 65))).toThrow(
      'frame of 65 bytes exceeds 64',
    )
  })
})

describe('there and back', () => {
  const CLIPS = {
    avc1: 'avc-aac-bframes.flv',
    hvc1: 'hevc-aac.ertmp.flv',
    av01: 'av1-opus.ertmp.flv',
    vp09: 'vp9-opus.ertmp.flv',
    mp4a: 'avc-aac-bframes.flv',
    '.mp3': 'avc-mp3.flv',
    Opus: 'av1-opus.ertmp.flv',
  } as const

  for (const [codec, clip] of Object.entries(CLIPS)) {
    const converter = new AccessUnitConverter()
    const units = demuxFlv(readClip(clip))
      .flatMap((packet) => converter.push(packet))
      .filter((unit) => unit.codec === codec)
    it.each([200, 1400, 65_000])(`${codec} in payloads of at most %d bytes`, (maxBytes) => {
      const format = rtpFormatFor(codec, units[0]!.configuration)!
      const packetizer = createPacketizer(format, codec === 'Opus' ? 1400 : maxBytes)!
      const sent = units.flatMap(({ data }, i): Sent[] => {
        const payloads = packetizer.push(data)
        expect(Math.max(...payloads.map(({ payload }) => payload.length))).toBeLessThanOrEqual(
          Math.max(1400, maxBytes),
        )
        return payloads.map(({ payload, marker }) => [i * 3000, marker ? '*' : '', payload])
      })
      const frames = receive(createDepacketizer(format)!, sent)
      expect(frames.map(({ data }) => toHex(data))).toEqual(units.map(({ data }) => toHex(data)))
      expect(frames.every(({ lost }) => !lost)).toBe(true)
    })
  }
})

it('no payload makes a depacketizer throw, nor keeps it from going on', () => {
  const formats = [
    ...['avc1', 'hvc1', 'av01', 'vp08', 'vp09', 'mp4a', '.mp3', 'Opus', 'alaw', 'mp2t'].map((codec) =>
      formatOf(codec),
    ),
    LATM,
  ]
  const packet = fc.record({
    payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(hex('7c858801'), hex('78000267420003658880'), hex('00200010001821aa21bbbb'), hex('5030aa'))),
    timestamp: fc.nat(3),
    marker: fc.boolean(),
    lost: fc.boolean(),
  }) // prettier-ignore
  fc.assert(
    fc.property(fc.constantFrom(...formats), fc.array(packet, { maxLength: 30 }), (format, packets) => {
      const depacketizer = createDepacketizer(format, { maxFrameBytes: 64 })!
      for (const [sequenceNumber, { lost, ...fields }] of packets.entries()) {
        const frames = depacketizer.push({ ...fields, payloadType: 96, ssrc: 1, sequenceNumber }, lost)
        for (const { data } of frames) expect(data.length).toBeGreaterThan(0)
      }
      depacketizer.flush()
    }),
    { seed: 7, numRuns: fuzzRuns(2000) },
  )
})
