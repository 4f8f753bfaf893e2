import { type MediaPacket, packetFromTag, VIDEO_STALLED_AFTER_MS, VideoPresence } from 'millrace/media'
import { describe, expect, it } from 'vitest'

/** Raw AAC: format 10, 44 kHz, 16 bit, stereo; packet type 1; a byte of sound. */
const sound = (dts: number): MediaPacket => packetFromTag(8, dts, Uint8Array.of(0xaf, 0x01, 0x21))
/** AVC: frame type 1 (key) or 2 (inter) | codec 7; packet type 1; composition time 0; a byte of picture. */
const picture = (dts: number, keyframe = false): MediaPacket =>
  packetFromTag(9, dts, Uint8Array.of(keyframe ? 0x17 : 0x27, 0x01, 0, 0, 0, 0x65))

function presenceAfter(...packets: readonly MediaPacket[]): VideoPresence {
  const presence = new VideoPresence()
  for (const packet of packets) presence.observe(packet)
  return presence
}

describe('video is absent', () => {
  it('after 500 ms of sound where nothing has told of it, after 3 s where it is configured', () => {
    expect(VIDEO_STALLED_AFTER_MS).toBe(3_000)
    expect(presenceAfter().isAbsent(false)).toBe(false)
    expect(presenceAfter(sound(100), sound(599)).isAbsent(false)).toBe(false)
    expect(presenceAfter(sound(100), sound(600)).isAbsent(false)).toBe(true)
    expect(presenceAfter(sound(100), sound(3_099)).isAbsent(true)).toBe(false)
    expect(presenceAfter(sound(100), sound(3_100)).isAbsent(true)).toBe(true)
  })

  it('after 3 s of sound since the newest picture', () => {
    const pictures = [picture(0, true), sound(10), picture(1_000), sound(1_010)]
    expect(presenceAfter(...pictures, sound(4_009)).isAbsent(false)).toBe(false)
    expect(presenceAfter(...pictures, sound(4_010)).isAbsent(false)).toBe(true)
    expect(presenceAfter(...pictures, sound(4_010), picture(4_020)).isAbsent(true)).toBe(false)
  })

  it('by the clock of the sound alone: that of the pictures may stand still, or be another one', () => {
    const presence = new VideoPresence()
    for (let ms = 0; ms < 20_000; ms += 20) {
      presence.observe(sound(100_000 + ms))
      presence.observe(picture(ms, ms === 0))
      expect(presence.isAbsent(true)).toBe(false)
    }
  })

  it('not because sound was away, or its clock went back', () => {
    const pause = [picture(0, true), sound(10), picture(20), picture(15_000), sound(15_010)]
    expect(presenceAfter(...pause).isAbsent(true)).toBe(false)
    expect(presenceAfter(sound(90_000), sound(0), sound(2_999)).isAbsent(true)).toBe(false)
    expect(presenceAfter(sound(90_000), sound(0), sound(3_000)).isAbsent(true)).toBe(true)
  })

  it('not by configuration, empty bodies and data', () => {
    const header = packetFromTag(9, 9_000, Uint8Array.of(0x17, 0x00, 0, 0, 0, 0x01))
    const empty = packetFromTag(9, 9_000, Uint8Array.of(0x27, 0x02, 0, 0, 0))
    expect(presenceAfter(sound(0), header, empty, sound(3_000)).isAbsent(true)).toBe(true)
  })

  it('no more with another publisher', () => {
    const presence = presenceAfter(picture(0, true), sound(0), sound(5_000))
    presence.restart()
    presence.observe(sound(5_020))
    expect([presence.isAbsent(true), presence.hasPictures]).toEqual([false, false])
  })
})

it('a keyframe is overdue after 3 s of sound, whatever other pictures come', () => {
  const presence = presenceAfter(picture(0, true), sound(0))
  for (let ms = 20; ms < 3_000; ms += 20) {
    presence.observe(picture(ms))
    presence.observe(sound(ms))
    expect(presence.lacksKeyframe).toBe(false)
  }
  presence.observe(sound(3_000))
  expect([presence.lacksKeyframe, presence.isAbsent(true)]).toEqual([true, false])
  presence.observe(picture(3_010, true))
  expect(presence.lacksKeyframe).toBe(false)
})
