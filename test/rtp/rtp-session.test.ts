import { demuxFlv } from 'millrace/flv'
import { type AccessUnit, AccessUnitConverter, type MediaPacket, PacketConverter } from 'millrace/media'
import {
  decodeRtpPacket,
  encodeRtpPacket,
  RtpReceiver,
  rtpFormatFor,
  rtpFormatsOf,
  RtpSender,
  RtpTimeline,
  sdpMediaOf,
} from 'millrace/rtp'
import { describe, expect, it } from 'vitest'
import { annexB, idr } from '../mpegts/packets.ts'
import { hex, toHex } from '../support/bytes.ts'
import { type Clip, readClip } from '../support/clips.ts'

const unitsOf = (clip: Clip): AccessUnit[] => {
  const converter = new AccessUnitConverter()
  return demuxFlv(readClip(clip)).flatMap((packet) => converter.push(packet))
}

describe('a sender', () => {
  it('numbers packets across the wrap, and times them from where it begins', () => {
    const format = rtpFormatFor('alaw', undefined)!
    const sender = new RtpSender({ format, ssrc: 7, sequenceNumber: 65_535, timestamp: 0xffff_ffff })
    const packets = [0, 20].flatMap((pts) =>
      sender.push({ codec: 'alaw', data: new Uint8Array(160), pts, dts: pts }),
    )
    expect(packets.map((bytes) => decodeRtpPacket(bytes))).toMatchObject([
      { ssrc: 7, payloadType: 8, sequenceNumber: 65_535, timestamp: 0xffff_ffff },
      { ssrc: 7, payloadType: 8, sequenceNumber: 0, timestamp: 159 },
    ])
    expect(sender.sequenceNumber).toBe(1)
  })

  it.each(['audio-only-aac.flv', 'avc-mp3.flv', 'av1-opus.ertmp.flv'] as const)(
    '%s: frames of audio have no gaps, although packets have whole ms',
    (clip) => {
      const units = unitsOf(clip).filter(({ codec }) => ['mp4a', '.mp3', 'Opus'].includes(codec))
      const format = rtpFormatFor(units[0]!.codec, units[0]!.configuration)!
      const sender = new RtpSender({ format, ssrc: 1 })
      const times = units.map((unit) => decodeRtpPacket(sender.push(unit)[0]!).timestamp)
      const steps = new Set(times.slice(1).map((time, i) => time - times[i]!))
      const length = { mp4a: [1024], '.mp3': [2351, 2352, 2160], Opus: [960] }[units[0]!.codec as 'mp4a']
      expect(length).toEqual(expect.arrayContaining(Array.from(steps)))
    },
  )

  it('keeps a gap that is one', () => {
    const sender = new RtpSender({ format: rtpFormatFor('Opus', undefined)!, ssrc: 1 })
    const times = [0, 20, 41, 500].map((pts) => decodeRtpPacket(sender.push({ codec: 'Opus', data: hex('fcaa'), pts, dts: pts })[0]!).timestamp) // prettier-ignore
    expect(times).toEqual([0, 960, 1920, 24_000])
  })

  it('says in reports what it has sent, and which wall clock its timestamps have', () => {
    const sender = new RtpSender({ format: rtpFormatFor('alaw', undefined)!, ssrc: 7, timestamp: 100 })
    sender.push({ codec: 'alaw', data: new Uint8Array(160), pts: 0, dts: 0 })
    // 1970-01-01T00:00:01.5Z is 2,208,988,801.5 s after 1900
    expect(sender.report(1000, 1500)).toEqual({
      type: 'senderReport',
      ssrc: 7,
      ntpSeconds: 2_208_988_801,
      ntpFraction: 0x8000_0000,
      rtpTimestamp: 8100,
      packetCount: 1,
      octetCount: 160,
      reports: [],
    })
  })

  it('leaves out and counts what its format cannot carry', () => {
    const sender = new RtpSender({ format: rtpFormatFor('Opus', undefined)!, ssrc: 1 })
    expect(sender.push({ codec: 'Opus', data: new Uint8Array(2000), pts: 0, dts: 0 })).toEqual([])
    expect(sender.push({ codec: 'Opus', data: hex('fc'), pts: undefined, dts: undefined })).toEqual([])
    expect(sender.skippedCount).toBe(2)
    const unknown = { ...rtpFormatFor('Opus', undefined)!, codec: '' }
    expect(() => new RtpSender({ format: unknown, ssrc: 1 })).toThrow(RangeError)
    expect(() => new RtpReceiver({ format: unknown, timeline: new RtpTimeline() })).toThrow(RangeError)
  })
})

describe('from packets to RTP and back', () => {
  it.each([
    'avc-aac-bframes.flv',
    'hevc-aac.ertmp.flv',
    'av1-opus.ertmp.flv',
    'vp9-opus.ertmp.flv',
    'avc-mp3.flv',
  ] as const)('%s keeps its frames, and its times but for a ms', (clip) => {
    const source = demuxFlv(readClip(clip)).filter(({ kind }) => kind !== 'data')
    const units = unitsOf(clip)
    const timeline = new RtpTimeline()
    const converter = new PacketConverter()
    const tracks = [...new Set(units.map(({ codec }) => codec))].map((codec, i) => {
      const format = rtpFormatFor(codec, units.find((unit) => unit.codec === codec)!.configuration, 96 + i)!
      const [read] = rtpFormatsOf(sdpMediaOf(format))
      const receiver = new RtpReceiver({ format: read!, timeline })
      receiver.clock.place(1000 * (i + 1), 0)
      return { codec, sender: new RtpSender({ format, ssrc: i, timestamp: 1000 * (i + 1) }), receiver }
    })
    const out: MediaPacket[] = []
    for (const unit of units) {
      const { sender, receiver } = tracks.find(({ codec }) => codec === unit.codec)!
      for (const bytes of sender.push(unit)) receiver.push(bytes, 0)
      for (let next = receiver.read(); next !== undefined; next = receiver.read())
        out.push(...converter.push(next))
    }
    const frames = (packets: readonly MediaPacket[], kind: string): MediaPacket[] =>
      packets.filter((packet) => packet.kind === kind && packet.coded)
    for (const kind of ['audio', 'video']) {
      const sent = frames(source, kind)
      const got = frames(out, kind)
      expect(got.map(({ payload }) => toHex(payload))).toEqual(sent.map(({ payload }) => toHex(payload)))
      expect(Math.max(...got.map(({ pts }, i) => Math.abs(pts - sent[i]!.pts)))).toBeLessThanOrEqual(1)
    }
    expect(
      out
        .filter(({ configuration }) => configuration)
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(
      [...new Set(source.filter(({ configuration }) => configuration).map(({ kind }) => kind))].toSorted(),
    )
  })

  it('no broken picture comes out where one packet in fifty is lost and others are late', () => {
    const units = unitsOf('avc-aac-bframes.flv').filter(({ codec }) => codec === 'avc1')
    const format = rtpFormatFor('avc1', units[0]!.configuration)!
    const sender = new RtpSender({ format, ssrc: 1, maxPayloadBytes: 500 })
    const receiver = new RtpReceiver({ format, timeline: new RtpTimeline() })
    const converter = new PacketConverter()
    let seed = 7
    const random = (): number => (seed = (seed * 48_271) % 0x7fff_ffff) / 0x7fff_ffff
    const wire = units
      .flatMap((unit) => sender.push(unit))
      .map((bytes, i) => ({ bytes, at: i + Math.floor(random() * 6), lost: random() < 0.02 }))
      .filter(({ lost }) => !lost)
      .toSorted((a, b) => a.at - b.at)
    const out: MediaPacket[] = []
    for (const { bytes, at } of wire) {
      receiver.push(bytes, at)
      for (let next = receiver.read(); next !== undefined; next = receiver.read())
        out.push(...converter.push(next))
    }
    const whole = demuxFlv(readClip('avc-aac-bframes.flv')).filter(
      ({ kind, coded }) => kind === 'video' && coded,
    )
    const known = whole.map(({ payload }) => toHex(payload))
    const places = out.filter(({ coded }) => coded).map(({ payload }) => known.indexOf(toHex(payload)))
    expect(places).not.toContain(-1)
    // A frame that does not follow the one before it is a keyframe.
    const jumps = places.filter((place, i) => i > 0 && place !== places[i - 1]! + 1)
    expect(jumps.length).toBeGreaterThan(0)
    expect(jumps.every((place) => whole[place]!.keyframe)).toBe(true)
    expect(receiver.counts.lost).toBeGreaterThan(5)
    expect(converter.skippedCount).toBeGreaterThan(0)
  })
})

describe('a receiver', () => {
  const format = rtpFormatFor('avc1', undefined)!
  const packetOf = (sequenceNumber: number, payloadType = 96): Uint8Array =>
    encodeRtpPacket({
      payloadType,
      marker: true,
      sequenceNumber,
      timestamp: 0,
      ssrc: 5,
      payload: hex('6588'),
    })

  it('passes over what is not of its track, and never throws', () => {
    const receiver = new RtpReceiver({ format, timeline: new RtpTimeline() })
    receiver.push(hex('00'), 0)
    receiver.push(packetOf(1, 97), 0)
    expect([receiver.ssrc, receiver.counts.foreign, receiver.read()]).toEqual([undefined, 2, undefined])
    receiver.push(packetOf(1), 0)
    expect([receiver.ssrc, toHex(receiver.read()!.data)]).toEqual([5, '00 00 00 02 65 88'])
  })

  it('goes on without a packet that does not come in time, and says what it misses', () => {
    const receiver = new RtpReceiver({ format, timeline: new RtpTimeline() })
    receiver.push(packetOf(1), 0)
    receiver.push(packetOf(3), 10)
    receiver.read()
    expect([receiver.missing, receiver.nextTimeoutMs]).toEqual([[2], 110])
    receiver.handleTimeout(110)
    expect(receiver.read()).toMatchObject({ lost: true })
    expect(receiver.counts.lost).toBe(1)
  })

  it('hears the goodbye of its source alone', () => {
    const receiver = new RtpReceiver({ format, timeline: new RtpTimeline() })
    receiver.push(packetOf(1), 0)
    receiver.takeRtcp({ type: 'goodbye', ssrcs: [6], reason: '' }, 0)
    expect(receiver.ended).toBe(false)
    receiver.takeRtcp({ type: 'goodbye', ssrcs: [5], reason: '' }, 0)
    expect(receiver.ended).toBe(true)
  })

  it('gives out the last picture at the end, which has no marker', () => {
    const receiver = new RtpReceiver({ format, timeline: new RtpTimeline() })
    const packet = decodeRtpPacket(packetOf(1))
    receiver.push(encodeRtpPacket({ ...packet, marker: false }), 0)
    expect(receiver.read()).toBeUndefined()
    receiver.flush(0)
    expect(receiver.read()).toBeDefined()
  })

  it('gives parameter sets that are in band to the converter', () => {
    const sender = new RtpSender({ format, ssrc: 1 })
    const receiver = new RtpReceiver({ format, timeline: new RtpTimeline() })
    const data = annexB(hex('67 42 00 0a f8 41 a2'), hex('68 ce 38 80'), idr(20))
    data[data.length - 19] = 0x88 // first_mb_in_slice 0
    for (const bytes of sender.push({ codec: 'avc1', data, pts: 0, dts: 0 })) receiver.push(bytes, 0)
    const packets = new PacketConverter().push(receiver.read()!)
    expect(packets.map(({ configuration, keyframe }) => [configuration, keyframe])).toEqual([
      [true, false],
      [false, true],
    ])
  })
})
