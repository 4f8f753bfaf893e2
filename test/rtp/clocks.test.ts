import { ReceptionStatistics, type RtpPacket, RtpTimeline, type SenderReport } from 'millrace/rtp'
import { describe, expect, it } from 'vitest'

/** Wall clock of `wallMs`, at `rtpTimestamp`. */
function report(wallMs: number, rtpTimestamp: number, ssrc = 1): SenderReport {
  const seconds = Math.floor(wallMs / 1000)
  const ntpFraction = Math.floor(((wallMs % 1000) / 1000) * 2 ** 32)
  return {
    type: 'senderReport',
    ssrc,
    ntpSeconds: seconds,
    ntpFraction,
    rtpTimestamp,
    packetCount: 0,
    octetCount: 0,
    reports: [],
  }
}

describe('the clock of a session', () => {
  it('places a track by its first packet, and goes on by its own ticks', () => {
    const clock = new RtpTimeline().track(90_000, 'video')
    expect([900_000, 903_600, 900_900].map((timestamp) => clock.timeOf(timestamp, 5))).toEqual([5, 45, 15])
  })

  it('goes on past 2³², in either direction', () => {
    const clock = new RtpTimeline().track(90_000, 'video')
    expect(clock.timeOf(0xffff_ffff - 899, 0)).toBe(0)
    expect(clock.timeOf(900, 0)).toBe(20)
    expect(clock.timeOf(0xffff_ffff - 899, 0)).toBe(0)
  })

  it('keeps fractions of a ms', () => {
    const clock = new RtpTimeline().track(44_100, 'audio')
    clock.timeOf(0, 0)
    expect(clock.timeOf(1024, 0)).toBeCloseTo(23.2199, 3)
  })

  it('moves a track to where the reports say, little by little', () => {
    const timeline = new RtpTimeline()
    const audio = timeline.track(48_000, 'audio')
    const video = timeline.track(90_000, 'video')
    audio.timeOf(0, 0)
    video.timeOf(0, 100) // came 100 ms late, but was taken at the same time
    audio.takeSenderReport(report(1_000_000, 0))
    expect(video.timeOf(90_000, 1100)).toBe(1100) // one report alone says nothing
    video.takeSenderReport(report(1_000_000, 0))
    expect(video.timeOf(180_000, 2100)).toBe(2000) // 100 ms too late: a tenth of the 1,000 ms that passed
    expect(video.timeOf(270_000, 3100)).toBe(3000)
  })

  it('does not jump: no step back, and no more than a tenth', () => {
    const timeline = new RtpTimeline()
    const audio = timeline.track(48_000, 'audio')
    const video = timeline.track(90_000, 'video')
    audio.timeOf(0, 0)
    video.timeOf(0, 1000)
    audio.takeSenderReport(report(1_000_000, 0))
    video.takeSenderReport(report(1_000_000, 0))
    const times = Array.from({ length: 300 }, (_, i) => video.timeOf((i + 1) * 3600, 0))
    const steps = times.slice(1).map((time, i) => time - times[i]!)
    expect(Math.min(...steps)).toBeCloseTo(36, 5)
    expect(times.at(-1)).toBeCloseTo(300 * 40, 5)
  })

  it('puts a track at its place at once if the reports come before its packets', () => {
    const timeline = new RtpTimeline()
    const audio = timeline.track(48_000, 'audio')
    const video = timeline.track(90_000, 'video')
    audio.takeSenderReport(report(1_000_000, 0xffff_ff00))
    video.takeSenderReport(report(1_000_000, 0))
    expect(audio.timeOf(0, 10)).toBe(10) // across the wrap: 256 ticks after the report
    expect(video.timeOf(0, 400)).toBeCloseTo(10 - 256 / 48, 5)
  })

  it('leaves out wall clocks of 0, and those that are far apart', () => {
    const timeline = new RtpTimeline()
    const audio = timeline.track(48_000, 'audio')
    const video = timeline.track(90_000, 'video')
    audio.timeOf(0, 0)
    video.timeOf(0, 0)
    audio.takeSenderReport(report(0, 0))
    audio.takeSenderReport(report(1_000_000, 0))
    video.takeSenderReport(report(2_000_000, 0))
    expect(video.timeOf(90_000, 1000)).toBe(1000)
  })

  it('is placed by what RTSP says', () => {
    const clock = new RtpTimeline().track(90_000, 'video')
    clock.place(1000, 0)
    expect(clock.timeOf(4600, 77)).toBe(40)
  })
})

describe('a receiver report', () => {
  const packetOf = (sequenceNumber: number, timestamp: number): RtpPacket => ({
    payloadType: 96, marker: false, sequenceNumber: sequenceNumber & 0xffff, timestamp, ssrc: 7, payload: new Uint8Array(1),
  }) // prettier-ignore

  it('says what was lost since the one before, and in all', () => {
    const statistics = new ReceptionStatistics(90_000)
    expect(statistics.report(0)).toBeUndefined()
    for (const number of [65_534, 65_535, 0, 3]) statistics.push(packetOf(number, 0), 0) // 1 and 2 are missing
    // 2 of 6: 85 of 256; one wrap
    expect(statistics.report(0)).toMatchObject({
      ssrc: 7,
      fractionLost: 85,
      cumulativeLost: 2,
      highestSequence: 0x1_0003,
    })
    for (const number of [4, 5]) statistics.push(packetOf(number, 0), 0)
    expect(statistics.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 2 })
    for (const number of [5, 5, 5]) statistics.push(packetOf(number, 0), 0)
    expect(statistics.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: -1 })
  })

  it('measures jitter as RFC 3550 does', () => {
    const statistics = new ReceptionStatistics(8000)
    statistics.push(packetOf(0, 0), 0)
    statistics.push(packetOf(1, 160), 20) // as it should be
    expect(statistics.report(0)!.jitter).toBe(0)
    statistics.push(packetOf(2, 320), 60) // 20 ms late: 160 ticks, a sixteenth of it
    expect(statistics.report(0)!.jitter).toBe(10)
  })

  it('says which sender report came last, and when', () => {
    const statistics = new ReceptionStatistics(90_000)
    statistics.takeSenderReport(
      { ...report(0, 0, 7), ntpSeconds: 0xe123_4567, ntpFraction: 0x89ab_cdef },
      1000,
    )
    statistics.push(packetOf(0, 0), 1000)
    expect(statistics.report(1500)).toMatchObject({
      lastSenderReport: 0x4567_89ab,
      delaySinceLastSenderReport: 0x8000,
    })
  })
})
