import {
  configurationPackets,
  type ConfigurationSet,
  ConfigurationTracker,
  EMPTY_CONFIGURATION,
  filterConfiguration,
  packetFromTag,
} from 'millrace/media'
import { describe, expect, test } from 'vitest'
import { hex, join, toHex } from '../support/bytes.ts'

const video = (bytes: string, dts = 0) => packetFromTag(9, dts, hex(bytes))
const audio = (bytes: string, dts = 0) => packetFromTag(8, dts, hex(bytes))
const metadata = (value: string) =>
  packetFromTag(18, 0, hex(`02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 ${value}`))

const AVC = '17 00 00 00 00 01 64'
const AVC_OTHER = '17 00 00 00 00 01 4d'
const HEVC = '90 68 76 63 31 01 01'
const AAC = 'af 00 12 10'
const COLOR_INFO = 'd4 68 76 63 31 02 00 09 63 6f 6c 6f 72 49 6e 66 6f 03'
const MULTICHANNEL = '94 4f 70 75 73 01 01 00 00 00 04'

/** Bodies of a set, as the reader of a failure wants them. */
const bodies = (set: ConfigurationSet) => ({
  metadata: set.metadata?.body.length,
  audio: set.audio.map(({ body }) => toHex(body)),
  video: set.video.map(({ body }) => toHex(body)),
})

describe('ConfigurationTracker', () => {
  test('starts with nothing', () => {
    const tracker = new ConfigurationTracker()
    expect(tracker.set).toBe(EMPTY_CONFIGURATION)
    expect(configurationPackets(tracker.set)).toEqual([])
  })

  test('keeps the newest of each kind, in a new set each time', () => {
    const tracker = new ConfigurationTracker()
    expect(tracker.push(video(AVC))).toBe(true)
    const first = tracker.set
    expect(tracker.push(audio(AAC))).toBe(true)
    expect(tracker.push(metadata('05'))).toBe(true)
    expect(tracker.push(video(AVC_OTHER))).toBe(true)
    expect(bodies(tracker.set)).toEqual({ metadata: 14, audio: [AAC], video: [AVC_OTHER] })
    expect(bodies(first)).toEqual({ metadata: undefined, audio: [], video: [AVC] })
  })

  test('does not change for media, commands, ends, other data or an empty configuration', () => {
    const tracker = new ConfigurationTracker()
    tracker.push(video(AVC))
    const { set } = tracker
    for (const packet of [
      video('27 01 00 00 00 00'),
      video('17 02 00 00 00'),
      video('17 00 00 00 00'),
      video('57 00'),
      video(''),
      audio('af 00'),
      audio('af 01 21'),
      audio(''),
      metadata(''),
    ])
      expect(tracker.push(packet)).toBe(false)
    expect(tracker.set).toBe(set)
  })

  test('does not change for a repeated sequence header', () => {
    const tracker = new ConfigurationTracker()
    tracker.push(video(AVC, 0))
    tracker.push(audio(AAC, 0))
    tracker.push(metadata('05'))
    const { set } = tracker
    expect(tracker.push(video(AVC, 2000))).toBe(false)
    expect(tracker.push(audio(AAC, 2000))).toBe(false)
    expect(tracker.push(metadata('05'))).toBe(false)
    expect(tracker.set).toBe(set)
  })

  test('replaces the codec of a track', () => {
    const tracker = new ConfigurationTracker()
    tracker.push(video(AVC))
    tracker.push(video(HEVC))
    expect(tracker.set.video.map(({ codec }) => codec)).toEqual(['hvc1'])
  })

  test('keeps an exact copy, not the slab', () => {
    const tracker = new ConfigurationTracker()
    const slab = join(hex('00 00'), hex(AVC), new Uint8Array(100))
    tracker.push(packetFromTag(9, 7, slab.subarray(2, 9)))
    slab.fill(0xff)
    const [kept] = tracker.set.video
    expect(kept?.body).toEqual(hex(AVC))
    expect(kept?.body.buffer.byteLength).toBe(7)
    expect(kept?.dts).toBe(7)
  })

  test('keeps OneTrack messages per track, in order of track', () => {
    const tracker = new ConfigurationTracker()
    tracker.push(audio('95 00 6d 70 34 61 02 12 10')) // track 2
    tracker.push(audio('95 00 4f 70 75 73 01 4f')) // track 1
    tracker.push(audio(AAC)) // track 0
    expect(bodies(tracker.set).audio).toEqual([AAC, '95 00 4f 70 75 73 01 4f', '95 00 6d 70 34 61 02 12 10'])
    expect(tracker.push(audio('95 00 4f 70 75 73 01 50'))).toBe(true)
    expect(bodies(tracker.set).audio).toEqual([AAC, '95 00 4f 70 75 73 01 50', '95 00 6d 70 34 61 02 12 10'])
  })

  test('takes a message of many tracks apart, so that each can be replaced', () => {
    const tracker = new ConfigurationTracker()
    // Multitrack | ManyTracksManyCodecs, SequenceStart | 'avc1', track 0, 2 bytes | 'av01', track 1, 1 byte
    tracker.push(video('96 20 61 76 63 31 00 00 00 02 01 64 61 76 30 31 01 00 00 01 81'))
    expect(bodies(tracker.set).video).toEqual(['96 00 61 76 63 31 00 01 64', '96 00 61 76 30 31 01 81'])
    expect(tracker.push(video('96 00 61 76 30 31 01 82'))).toBe(true)
    expect(bodies(tracker.set).video).toEqual(['96 00 61 76 63 31 00 01 64', '96 00 61 76 30 31 01 82'])
    const { set } = tracker
    expect(tracker.push(video('96 20 61 76 63 31 00 00 00 02 01 64 61 76 30 31 01 00 00 01 82'))).toBe(false)
    expect(tracker.set).toBe(set)
  })

  test('keeps color information and channel layouts beside the configuration', () => {
    const tracker = new ConfigurationTracker()
    tracker.push(video(HEVC))
    expect(tracker.push(video(COLOR_INFO))).toBe(true)
    expect(tracker.push(video(COLOR_INFO))).toBe(false)
    expect(tracker.push(audio(MULTICHANNEL))).toBe(true)
    expect(bodies(tracker.set).video).toEqual([HEVC])
    expect(configurationPackets(tracker.set).map(({ body }) => toHex(body))).toEqual([
      HEVC,
      MULTICHANNEL,
      COLOR_INFO,
    ])
  })

  test('forgets on clear', () => {
    const tracker = new ConfigurationTracker({ maxBytes: 7 })
    tracker.push(video(AVC))
    tracker.clear()
    expect(tracker.set).toBe(EMPTY_CONFIGURATION)
    expect(tracker.push(video(AVC_OTHER))).toBe(true)
  })

  test('keeps maxTracks tracks of a kind and refuses one more', () => {
    const tracker = new ConfigurationTracker({ maxTracks: 2 })
    const track = (trackId: number) =>
      packetFromTag(8, 0, join(hex('95 00 6d 70 34 61'), Uint8Array.of(trackId, 0x12, 0x10)))
    tracker.push(track(0))
    tracker.push(track(1))
    tracker.push(video(AVC))
    const { set } = tracker
    expect(() => tracker.push(track(2))).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIGURATION_TRACKS' }),
    )
    expect(tracker.set).toBe(set)
    expect(tracker.push(audio('95 00 6d 70 34 61 01 12 11'))).toBe(true)
  })

  test('keeps maxBytes bytes and refuses one more', () => {
    const tracker = new ConfigurationTracker({ maxBytes: 11 })
    tracker.push(video(AVC)) // 7 bytes
    expect(() => tracker.push(audio(`${AAC} 56`))).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIGURATION_BYTES' }),
    )
    expect(tracker.push(audio(AAC))).toBe(true) // 4 bytes
    expect(tracker.push(video(AVC_OTHER))).toBe(true) // in place of the other 7
  })
})

describe('filterConfiguration', () => {
  const tracker = new ConfigurationTracker()
  for (const packet of [
    metadata('05'),
    audio(AAC),
    audio('95 00 4f 70 75 73 01 4f'),
    video('96 00 61 76 63 31 00 01 64'),
    video('96 00 61 76 30 31 01 82'),
    video(COLOR_INFO),
    audio(MULTICHANNEL),
  ])
    tracker.push(packet)

  test('all is the same set', () => {
    expect(filterConfiguration(tracker.set, 'all')).toBe(tracker.set)
  })

  test('default has track 0 of each kind, in the form that every player reads', () => {
    const set = filterConfiguration(tracker.set, 'default')
    expect(bodies(set)).toEqual({ metadata: 14, audio: [AAC], video: [AVC] })
    expect(set.supplements?.map(({ body }) => toHex(body))).toEqual([MULTICHANNEL, COLOR_INFO])
  })

  test('audio has no video', () => {
    const set = filterConfiguration(tracker.set, 'audio')
    expect(bodies(set)).toEqual({ metadata: 14, audio: [AAC], video: [] })
    expect(set.supplements?.map(({ kind }) => kind)).toEqual(['audio'])
  })

  test('video has no audio', () => {
    expect(bodies(filterConfiguration(tracker.set, 'video'))).toEqual({
      metadata: 14,
      audio: [],
      video: [AVC],
    })
  })
})
