import { createHash } from 'node:crypto'
import { type AccessUnit, type MediaPacket, PacketConverter } from 'millrace/media'
import { TsDemuxer } from 'millrace/mpegts'
import {
  createDepacketizer,
  decodeRtcp,
  decodeRtpPacket,
  RtpReceiver,
  rtpFormatsOf,
  RtpTimeline,
  type RtpFormat,
} from 'millrace/rtp'
import { parseSdp } from 'millrace/sdp'
import { describe, expect, it } from 'vitest'
import { CAPTURES, readCapture } from './captures.ts'
import frames from './captures/frames.json' with { type: 'json' }

type Codec = keyof typeof frames

export function formatOf(sdp: string): RtpFormat {
  return parseSdp(sdp).media.flatMap(rtpFormatsOf)[0]!
}

/** Frames of the source by codec; LATM is the source of AAC. */
const sourceOf = (name: string): readonly (readonly [number, number, string])[] => {
  const codec = name.split('-')[1]!
  return frames[(codec === 'latm' ? 'aac' : codec) as Codec] as unknown as [number, number, string][]
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

/** All units of a capture, its packets in the order that `order` makes of them, a packet a ms. */
function unitsOf(sdp: string, rtp: readonly Uint8Array[]): { units: AccessUnit[]; receiver: RtpReceiver } {
  const receiver = new RtpReceiver({ format: formatOf(sdp), timeline: new RtpTimeline() })
  const units: AccessUnit[] = []
  const drain = (): void => {
    for (let unit = receiver.read(); unit !== undefined; unit = receiver.read()) units.push(unit)
  }
  for (const [i, bytes] of rtp.entries()) {
    receiver.push(bytes.slice(), i)
    drain()
  }
  receiver.flush(rtp.length)
  drain()
  return { units, receiver }
}

function packetsOf(units: readonly AccessUnit[]): MediaPacket[] {
  const converter = new PacketConverter()
  return units.flatMap((unit) => converter.push(unit)).filter(({ coded }) => coded)
}

describe.each(CAPTURES)('%s', (name) => {
  const { sdp, rtp } = readCapture(name)

  it('comes in whole, in times that go on', () => {
    const { units, receiver } = unitsOf(sdp, rtp)
    const packets = packetsOf(units)
    // GStreamer puts what is before 0 at 0.
    expect(packets.every(({ dts }, i) => i === 0 || dts >= packets[i - 1]!.dts)).toBe(true)
    expect(packets.every(({ cts }) => cts >= 0)).toBe(true)
    expect(receiver.counts).toEqual({ received: rtp.length, lost: 0, late: 0, foreign: 0, damaged: 0 })
  })

  it('is put in order again', () => {
    const shuffled = rtp.map((_, i) => rtp[i ^ 1] ?? rtp[i]!) // each pair the other way round
    expect(packetsOf(unitsOf(sdp, [rtp[0]!, ...shuffled]).units).map(({ payload }) => md5(payload))).toEqual(
      packetsOf(unitsOf(sdp, rtp).units).map(({ payload }) => md5(payload)),
    )
  })

  it('gives no damaged frame where packets are lost, and says that they are', () => {
    const whole = new Set(unitsOf(sdp, rtp).units.map(({ data }) => md5(data)))
    for (let lost = 0; lost < rtp.length; lost += 3) {
      const { units } = unitsOf(sdp, rtp.toSpliced(lost, 1))
      expect(units.filter(({ data }) => !whole.has(md5(data)))).toEqual([])
      const isSeen = lost === 0 || lost === rtp.length - 1 || units.some((unit) => unit.lost === true)
      expect(isSeen || units.length === whole.size - 1).toBe(true)
    }
  })
})

it.each(CAPTURES.filter((name) => !name.endsWith('law')))(
  '%s has the frames of its source, each at its time',
  (name) => {
    const { sdp, rtp } = readCapture(name)
    const source = sourceOf(name)
    const packets = packetsOf(unitsOf(sdp, rtp).units)
    // GStreamer leaves out what is before 0, and ffmpeg and GStreamer do not send the last frames that they gather.
    const hashes = packets.map(({ payload }) => md5(payload))
    const first = source.findIndex(([, , hash]) => hash === hashes[0])
    expect(first).toBeLessThanOrEqual(1)
    expect(hashes).toEqual(source.slice(first, first + hashes.length).map(([, , hash]) => hash))
    expect(hashes.length).toBeGreaterThanOrEqual(source.length - 2)
    const shift = packets.map(({ pts }, i) => pts - source[first + i]![0]).slice(1)
    expect(Math.max(...shift) - Math.min(...shift)).toBeLessThanOrEqual(2)
  },
)

it.each(['ffmpeg-alaw', 'ffmpeg-ulaw'] as const)('%s has all samples, cut as the sender likes', (name) => {
  const { sdp, rtp } = readCapture(name)
  const bytes = packetsOf(unitsOf(sdp, rtp).units).reduce((sum, { payload }) => sum + payload.length, 0)
  expect(bytes).toBe(4800) // 0.6 s at 8 kHz
})

it('ffmpeg-mp2t: the transport stream comes out whole', () => {
  const { sdp, rtp } = readCapture('ffmpeg-mp2t')
  const format = formatOf(sdp)
  expect(format).toMatchObject({ codec: 'mp2t', payloadType: 33, clockRate: 90_000 })
  const depacketizer = createDepacketizer(format)!
  const demuxer = new TsDemuxer()
  for (const bytes of rtp)
    for (const { data } of depacketizer.push(decodeRtpPacket(bytes), false)) demuxer.push(data)
  demuxer.flush()
  const source = frames.avc as unknown as [number, number, string][]
  const units: AccessUnit[] = []
  for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read()) units.push(unit)
  const packets = packetsOf(units.slice(0, -1)) // the last one is cut
  expect(packets.length).toBeGreaterThan(5)
  expect(packets.map(({ payload }) => md5(payload))).toEqual(
    source.slice(0, packets.length).map(([, , hash]) => hash),
  )
})

it('the sender reports of ffmpeg lead to the time of the first packet', () => {
  const { sdp, rtp, rtcp } = readCapture('ffmpeg-avc')
  const [report] = rtcp.flatMap(decodeRtcp)
  expect(report).toMatchObject({ type: 'senderReport', ssrc: decodeRtpPacket(rtp[0]!).ssrc, reports: [] })
  const receiver = new RtpReceiver({ format: formatOf(sdp), timeline: new RtpTimeline() })
  receiver.takeRtcp(report!, 0)
  receiver.push(rtp[0]!, 5)
  expect(receiver.report(5)).toMatchObject({ fractionLost: 0, cumulativeLost: 0 })
  expect(receiver.report(5)!.lastSenderReport).toBeGreaterThan(0)
})
