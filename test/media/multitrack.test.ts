import { packetFromTag, type TrackPacket } from 'millrace/media'
import { describe, expect, test } from 'vitest'
import { hex, join } from '../support/bytes.ts'

/** What of a track a test looks at. */
const brief = ({
  trackId,
  codec,
  cts,
  keyframe,
  configuration,
  endOfSequence,
  coded,
  payload,
}: TrackPacket) => ({
  trackId,
  codec,
  cts,
  flags: [
    ...(keyframe ? ['keyframe'] : []),
    ...(configuration ? ['configuration'] : []),
    ...(endOfSequence ? ['end'] : []),
    ...(coded ? ['coded'] : []),
  ].join(),
  payload,
})

/** Enhanced RTMP v2: OneTrack, as FFmpeg 8.1 writes a second audio track (hevc-opus-two-audio-tracks.ertmp.flv, shortened). */
const ONE_TRACK = hex(`
  95             // SoundFormat 9 ExHeader | AudioPacketType 5 Multitrack
  01             // AvMultitrackType 0 OneTrack | AudioPacketType 1 CodedFrames
  4f 70 75 73    // 'Opus'
  01             // audioTrackId 1
  f8 b4          // to the end of the message
`)

/** ManyTracks: two HEVC tracks, composition times 40 and -40. */
const MANY_TRACKS = hex(`
  96             // IsExVideoHeader | FrameType 1 key | VideoPacketType 6 Multitrack
  11             // AvMultitrackType 1 ManyTracks | VideoPacketType 1 CodedFrames
  68 76 63 31    // 'hvc1' of all tracks
  00             // videoTrackId 0
  00 00 05       // sizeOfVideoTrack 5
  00 00 28 aa bb // compositionTimeOffset 40, payload
  02             // videoTrackId 2
  00 00 04       // sizeOfVideoTrack 4
  ff ff d8 cc    // compositionTimeOffset -40, payload
`)

/** ManyTracksManyCodecs: the configuration of AVC, AV1 and HEVC tracks in one message. */
const MANY_CODECS = hex(`
  96             // IsExVideoHeader | FrameType 1 key | VideoPacketType 6 Multitrack
  20             // AvMultitrackType 2 ManyTracksManyCodecs | VideoPacketType 0 SequenceStart
  61 76 63 31    // 'avc1'
  00             // videoTrackId 0
  00 00 05       // sizeOfVideoTrack 5
  01 64 00 0c ff
  61 76 30 31    // 'av01'
  01             // videoTrackId 1
  00 00 04       // sizeOfVideoTrack 4
  81 00 0c 00
  68 76 63 31    // 'hvc1'
  02             // videoTrackId 2
  00 00 00       // sizeOfVideoTrack 0: no configuration
`)

describe('OneTrack', () => {
  const packet = packetFromTag(8, 20, ONE_TRACK)

  test('of another track says nothing about the default track', () => {
    expect(packet).toMatchObject({
      codec: '',
      multitrack: true,
      coded: true,
      configuration: false,
      payloadOffset: 6,
    })
    expect(packet.payload).toEqual(hex(''))
    expect(packet.defaultTrack()).toBeUndefined()
    expect(packet.tracks().map(brief)).toEqual([
      { trackId: 1, codec: 'Opus', cts: 0, flags: 'coded', payload: hex('f8 b4') },
    ])
  })

  test('of the default track becomes a plain message for peers without multitrack', () => {
    const single = packetFromTag(8, 20, hex('95 01 4f 70 75 73 00 f8 b4')).defaultTrack()
    expect(single?.body).toEqual(hex('91 4f 70 75 73 f8 b4'))
    expect(single).toMatchObject({ dts: 20, codec: 'Opus', coded: true, multitrack: false, payloadOffset: 5 })
  })

  test('of AVC becomes legacy FLV', () => {
    // Multitrack | OneTrack, CodedFrames | 'avc1' | trackId 0 | compositionTimeOffset 80 | NAL unit
    const packetOfAvc = packetFromTag(9, 0, hex('96 01 61 76 63 31 00 00 00 50 00 00 00 01 65'))
    expect(packetOfAvc).toMatchObject({ codec: 'avc1', cts: 80, keyframe: true })
    const single = packetOfAvc.defaultTrack()
    expect(single?.body).toEqual(hex('17 01 00 00 50 00 00 00 01 65'))
    expect(single).toMatchObject({ cts: 80, keyframe: true, payloadOffset: 5 })
    expect(packetOfAvc.defaultTrack()).toBe(single)
  })

  test('of AVC coded frames X becomes legacy FLV with composition time 0', () => {
    const single = packetFromTag(9, 0, hex('a6 03 61 76 63 31 00 00 00 00 01 41')).defaultTrack()
    expect(single?.body).toEqual(hex('27 01 00 00 00 00 00 00 01 41'))
  })

  test('of an AAC sequence start becomes legacy FLV', () => {
    const single = packetFromTag(8, 0, hex('95 00 6d 70 34 61 00 12 10')).defaultTrack()
    expect(single?.body).toEqual(hex('af 00 12 10'))
    expect(single?.configuration).toBe(true)
  })

  test('of an AVC sequence start and end become legacy FLV', () => {
    const start = packetFromTag(9, 0, hex('96 00 61 76 63 31 00 01 64')).defaultTrack()
    expect(start?.body).toEqual(hex('17 00 00 00 00 01 64'))
    const end = packetFromTag(9, 0, hex('96 02 61 76 63 31 00')).defaultTrack()
    expect(end?.body).toEqual(hex('17 02 00 00 00'))
    expect(end?.endOfSequence).toBe(true)
  })

  test('of colorInfo stays Enhanced, AVC or not', () => {
    const single = packetFromTag(9, 0, hex('96 04 61 76 63 31 00 02 00 01 63')).defaultTrack()
    expect(single?.body).toEqual(hex('94 61 76 63 31 02 00 01 63'))
  })

  test('of a fourCC that reads like a name of legacy FLV stays that fourCC', () => {
    const single = packetFromTag(8, 0, hex('95 01 61 6c 61 77 00 d5')).defaultTrack()
    expect(single?.body).toEqual(hex('91 61 6c 61 77 d5'))
  })
})

describe('ManyTracks', () => {
  const packet = packetFromTag(9, 1000, MANY_TRACKS)

  test('gives every track with its own composition time', () => {
    expect(packet.tracks().map(brief)).toEqual([
      { trackId: 0, codec: 'hvc1', cts: 40, flags: 'keyframe,coded', payload: hex('aa bb') },
      { trackId: 2, codec: 'hvc1', cts: -40, flags: 'keyframe,coded', payload: hex('cc') },
    ])
  })

  test('has the facts of track 0', () => {
    expect(packet).toMatchObject({
      codec: 'hvc1',
      cts: 40,
      keyframe: true,
      multitrack: true,
      payloadOffset: 6,
    })
    expect(packet.payload).toEqual(hex('aa bb'))
  })

  test('gives track 0 alone, at any time', () => {
    const moved = packet.withDts(5)
    expect(moved.tracks()).toBe(packet.tracks())
    expect(moved.defaultTrack()?.body).toEqual(hex('91 68 76 63 31 00 00 28 aa bb'))
    expect(moved.defaultTrack()?.dts).toBe(5)
  })

  test('with ModEx before it', () => {
    // ModEx, size 3, 4660 ns, ModExType 0 | Multitrack, then as before
    const modEx = packetFromTag(9, 0, join(hex('97 02 00 12 34 06'), MANY_TRACKS.subarray(1)))
    expect(modEx.timestampOffsetNs).toBe(0x1234)
    expect(modEx.tracks()).toEqual(packet.tracks())
    expect(modEx.payloadOffset).toBe(11)
  })

  test('of disposable frames', () => {
    const disposable = packetFromTag(9, 0, join(hex('b6'), MANY_TRACKS.subarray(1)))
    expect(disposable).toMatchObject({ disposable: true, keyframe: false })
  })
})

describe('ManyTracksManyCodecs', () => {
  const packet = packetFromTag(9, 0, MANY_CODECS)

  test('gives every track with its codec; an empty configuration is none', () => {
    expect(packet.tracks().map(brief)).toEqual([
      { trackId: 0, codec: 'avc1', cts: 0, flags: 'configuration', payload: hex('01 64 00 0c ff') },
      { trackId: 1, codec: 'av01', cts: 0, flags: 'configuration', payload: hex('81 00 0c 00') },
      { trackId: 2, codec: 'hvc1', cts: 0, flags: '', payload: hex('') },
    ])
    expect(packet).toMatchObject({
      codec: 'avc1',
      configuration: true,
      keyframe: false,
      coded: false,
      payloadOffset: 2,
    })
  })

  test('of audio', () => {
    const audio = packetFromTag(
      8,
      0,
      hex(`
      95             // SoundFormat 9 | Multitrack
      21             // ManyTracksManyCodecs | CodedFrames
      4f 70 75 73    // 'Opus'
      00             // audioTrackId 0
      00 00 01 f8    // sizeOfAudioTrack 1, payload
      6d 70 34 61    // 'mp4a'
      01             // audioTrackId 1
      00 00 02 21 17 // sizeOfAudioTrack 2, payload
    `),
    )
    expect(audio.tracks().map(brief)).toEqual([
      { trackId: 0, codec: 'Opus', cts: 0, flags: 'coded', payload: hex('f8') },
      { trackId: 1, codec: 'mp4a', cts: 0, flags: 'coded', payload: hex('21 17') },
    ])
    expect(audio.defaultTrack()?.body).toEqual(hex('91 4f 70 75 73 f8'))
  })

  test('says configuration when any track has one, so that whoever caches looks at the tracks', () => {
    // OneTrack, SequenceStart, 'av01', trackId 3
    const other = packetFromTag(9, 0, hex('96 00 61 76 30 31 03 81 00'))
    expect(other).toMatchObject({ configuration: true, codec: '', keyframe: false })
  })
})

describe('a damaged multitrack body', () => {
  test('cut off anywhere gives the whole tracks before the cut', () => {
    for (const body of [MANY_TRACKS, MANY_CODECS]) {
      const whole = packetFromTag(9, 0, body).tracks()
      for (let length = 2; length < body.length; length++) {
        const packet = packetFromTag(9, 0, body.subarray(0, length))
        // A header that is cut off itself is no multitrack header.
        const tracks = packet.multitrack ? packet.tracks() : []
        expect(tracks).toEqual(whole.slice(0, tracks.length))
        expect(tracks.length).toBeLessThan(whole.length)
      }
    }
  })

  test('with a reserved multitrack type is forwarded and claims nothing', () => {
    const packet = packetFromTag(9, 0, hex('96 31 68 76 63 31 00 00 00 01 aa'))
    expect(packet).toMatchObject({ multitrack: true, coded: false, configuration: false, keyframe: false })
    expect(packet.tracks()).toEqual([])
    expect(packet.defaultTrack()).toBeUndefined()
  })

  test('with multitrack or ModEx inside multitrack, which is forbidden, claims nothing', () => {
    expect(packetFromTag(9, 0, hex('96 06 68 76 63 31 00 00 aa')).tracks()).toEqual([])
    expect(packetFromTag(9, 0, hex('96 07 68 76 63 31 00 00 aa')).defaultTrack()).toBeUndefined()
    expect(packetFromTag(8, 0, hex('95 05 4f 70 75 73 00 00 aa')).tracks()).toEqual([])
  })

  test('of empty entries beyond the number of track ids stops there', () => {
    const entries = new Uint8Array(4 * 300) // trackId 0, size 0
    expect(packetFromTag(8, 0, join(hex('95 11 4f 70 75 73'), entries)).tracks()).toHaveLength(256)
  })

  test('with a track too small for its composition time', () => {
    const packet = packetFromTag(9, 0, hex('96 11 68 76 63 31 00 00 00 02 00 28 01 00 00 03 00 00 28'))
    expect(packet.tracks().map(brief)).toEqual([
      { trackId: 0, codec: 'hvc1', cts: 0, flags: '', payload: hex('') },
      { trackId: 1, codec: 'hvc1', cts: 40, flags: '', payload: hex('') },
    ])
  })
})
