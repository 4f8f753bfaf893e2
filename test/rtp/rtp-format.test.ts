import { decodeAvcConfiguration } from 'millrace/codec'
import { createDepacketizer, rtpFormatFor, rtpFormatsOf, sdpMediaOf } from 'millrace/rtp'
import { formatSdp, parseSdp } from 'millrace/sdp'
import { describe, expect, it } from 'vitest'
import { hex, join, toHex } from '../support/bytes.ts'

/** The formats of a media section, without what is `undefined`. */
const read = (...lines: readonly string[]) =>
  parseSdp(['v=0', ...lines].join('\r\n')).media.flatMap(rtpFormatsOf)

/** avcC of a 16x16 baseline picture: version, profile 66, level 10, lengths of 4 bytes, one SPS, one PPS. */
const SPS = hex('67 42 00 0a f8 41 a2')
const PPS = hex('68 ce 38 80')
const AVCC = join(hex('01 42000a ff e1 0007'), SPS, hex('01 0004'), PPS)

describe('formats out of SDP', () => {
  it.each([
    ['m=audio 0 RTP/AVP 0', { codec: 'ulaw', kind: 'audio', clockRate: 8000 }],
    ['m=audio 0 RTP/AVP 8', { codec: 'alaw', kind: 'audio', clockRate: 8000 }],
    ['m=audio 0 RTP/AVP 14', { codec: '.mp3', kind: 'audio', clockRate: 90_000 }],
    ['m=video 0 RTP/AVP 33', { codec: 'mp2t', kind: 'video', clockRate: 90_000 }],
    ['m=application 0 RTP/AVP 107', { codec: '' }],
  ])('a static type without rtpmap: %s', (line, expected) => {
    expect(read(line)).toMatchObject([expected])
  })

  it.each([
    ['H264/90000', 'avc1'],
    ['h264/90000', 'avc1'],
    ['H265/90000', 'hvc1'],
    ['AV1/90000', 'av01'],
    ['VP8/90000', 'vp08'],
    ['VP9/90000', 'vp09'],
    ['X-UNKNOWN/90000', ''],
  ])('video by its rtpmap: %s', (name, codec) => {
    expect(read('m=video 0 RTP/AVP 96', `a=rtpmap:96 ${name}`)).toMatchObject([
      { codec, clockRate: 90_000, payloadType: 96 },
    ])
  })

  it('several formats in order, each with its own lines', () => {
    const formats = read(
      'm=video 9 UDP/TLS/RTP/SAVPF 102 97 300 x',
      'a=rtpmap:97 VP8/90000',
      'a=rtpmap:102 H264/90000',
      'a=fmtp:102 packetization-mode=1;profile-level-id=42e01f',
    )
    expect(formats.map(({ payloadType, codec }) => [payloadType, codec])).toEqual([
      [102, 'avc1'],
      [97, 'vp08'],
    ])
    expect(Object.fromEntries(formats[0]!.parameters)).toEqual({
      'packetization-mode': '1',
      'profile-level-id': '42e01f',
    })
    expect(formats[1]!.parameters.size).toBe(0)
  })

  it('parameter sets, with blanks, any case and a missing padding', () => {
    const fmtp = 'a=fmtp:96  Packetization-Mode=1 ; SPROP-PARAMETER-SETS=Z0IACvhBog,aM44gA== ;; x'
    const [format] = read('m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', fmtp)
    expect(toHex(format!.configuration!)).toBe(toHex(AVCC))
  })

  it('damaged parameters are as if they were not there', () => {
    for (const fmtp of [
      'sprop-parameter-sets=***,aM44gA==',
      'sprop-parameter-sets=Z0IACvhBog==',
      'sprop-parameter-sets=',
    ])
      expect(read('m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', `a=fmtp:96 ${fmtp}`)[0]).toMatchObject({
        codec: 'avc1',
        configuration: undefined,
      })
    for (const config of ['12', 'xyz', '0'])
      expect(
        read('m=audio 0 RTP/AVP 97', 'a=rtpmap:97 MPEG4-GENERIC/48000/2', `a=fmtp:97 config=${config}`)[0],
      ).toMatchObject({
        codec: 'mp4a',
        configuration: undefined,
      })
  })

  it('AAC, whose parameters may be missing, and LATM, which needs its own', () => {
    const [aac] = read(
      'm=audio 0 RTP/AVP 97',
      'a=rtpmap:97 mpeg4-generic/44100/2',
      'a=fmtp:97 mode=AAC-hbr; config=1210',
    )
    expect(aac).toMatchObject({
      codec: 'mp4a',
      clockRate: 44_100,
      channelCount: 2,
      configuration: hex('1210'),
    })
    expect(createDepacketizer(aac!)).toBeDefined()
    const latm = (fmtp: string) => read('m=audio 0 RTP/AVP 97', 'a=rtpmap:97 MP4A-LATM/48000', fmtp)[0]!
    expect(latm('a=fmtp:97 cpresent=0;config=400023203fc0')).toMatchObject({
      codec: 'mp4a',
      configuration: hex('1190'),
    })
    expect(latm('a=fmtp:97 cpresent=1').codec).toBe('')
    expect(createDepacketizer(latm('a=fmtp:97 config=40'))).toBeUndefined()
  })

  it('Opus has two channels, whatever it says', () => {
    const [opus] = read('m=audio 0 RTP/AVP 111', 'a=rtpmap:111 opus/48000/2')
    expect(opus).toMatchObject({ codec: 'Opus', clockRate: 48_000 })
    expect(opus!.configuration![9]).toBe(2) // channel count of OpusHead
  })

  it('what is out of decoding order is not taken', () => {
    expect(
      read('m=video 0 RTP/AVP 96', 'a=rtpmap:96 H265/90000', 'a=fmtp:96 sprop-max-don-diff=1')[0]!.codec,
    ).toBe('')
    expect(
      read('m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=fmtp:96 packetization-mode=2')[0]!.codec,
    ).toBe('')
    expect(createDepacketizer(read('m=video 0 RTP/AVP 99')[0]!)).toBeUndefined()
  })
})

describe('formats into SDP', () => {
  const text = (codec: string, configuration?: Uint8Array): string =>
    formatSdp({
      attributes: [],
      media: [sdpMediaOf(rtpFormatFor(codec, configuration, 97)!, [{ name: 'control', value: 'trackID=0' }])],
    })
      .split('\r\n')
      .slice(4, -1)
      .join('\n')

  it.each([
    ['avc1', AVCC, 'm=video 0 RTP/AVP 97\na=rtpmap:97 H264/90000\na=fmtp:97 packetization-mode=1; sprop-parameter-sets=Z0IACvhBog==,aM44gA==; profile-level-id=42000A'],
    ['avc1', undefined, 'm=video 0 RTP/AVP 97\na=rtpmap:97 H264/90000\na=fmtp:97 packetization-mode=1'],
    ['hvc1', undefined, 'm=video 0 RTP/AVP 97\na=rtpmap:97 H265/90000'],
    ['mp4a', hex('1190'), 'm=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/48000/2\na=fmtp:97 streamtype=5; profile-level-id=1; mode=AAC-hbr; sizelength=13; indexlength=3; indexdeltalength=3; config=1190'],
    ['Opus', undefined, 'm=audio 0 RTP/AVP 97\na=rtpmap:97 opus/48000/2\na=fmtp:97 sprop-stereo=1'],
    ['alaw', undefined, 'm=audio 0 RTP/AVP 8\na=rtpmap:8 PCMA/8000'],
    ['ulaw', undefined, 'm=audio 0 RTP/AVP 0\na=rtpmap:0 PCMU/8000'],
    ['.mp3', undefined, 'm=audio 0 RTP/AVP 14\na=rtpmap:14 MPA/90000'],
    ['av01', undefined, 'm=video 0 RTP/AVP 97\na=rtpmap:97 AV1/90000'],
    ['vp08', undefined, 'm=video 0 RTP/AVP 97\na=rtpmap:97 VP8/90000'],
    ['vp09', undefined, 'm=video 0 RTP/AVP 97\na=rtpmap:97 VP9/90000'],
    ['mp2t', undefined, 'm=video 0 RTP/AVP 33\na=rtpmap:33 MP2T/90000'],
  ])('%s', (codec, configuration, expected) => {
    expect(text(codec, configuration)).toBe(`${expected}\na=control:trackID=0`)
  }) // prettier-ignore

  it('are read as what they were', () => {
    const format = rtpFormatFor('avc1', AVCC)!
    const [again] = rtpFormatsOf(sdpMediaOf(format))
    expect(again).toEqual({ ...format, configuration: again!.configuration })
    expect(decodeAvcConfiguration(again!.configuration!)).toEqual(decodeAvcConfiguration(AVCC))
  })

  it('there is none for AAC without a configuration, and for codecs without a payload format', () => {
    expect(rtpFormatFor('mp4a', undefined)).toBeUndefined()
    expect(rtpFormatFor('mp4a', hex('00'))).toBeUndefined()
    expect(rtpFormatFor('fLaC', undefined)).toBeUndefined()
  })
})
