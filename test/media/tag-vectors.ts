/** Tag bodies of every form, by hand from FLV 10.1 §E.4 and Enhanced RTMP v2, or from the files named beside them. */
import type { MediaPacket } from 'millrace/media'
import { hex } from '../support/bytes.ts'

/** A tag body and what it says. Flags that are left out are false, numbers 0. */
export interface TagVector {
  readonly name: string
  readonly type: 8 | 9 | 18
  readonly body: Uint8Array
  readonly facts: Partial<Pick<MediaPacket, 'cts' | 'codec' | 'keyframe' | 'configuration' | 'endOfSequence' | 'disposable' | 'multitrack' | 'coded' | 'timestampOffsetNs' | 'payloadOffset'>> // prettier-ignore
  /** The default track's payload. */
  readonly payload: Uint8Array
}

const vector = (
  name: string,
  type: 8 | 9 | 18,
  body: string,
  payload: string,
  facts: TagVector['facts'],
): TagVector => ({ name, type, body: hex(body), payload: hex(payload), facts })

const legacyVideo: TagVector[] = [
  vector(
    'AVC sequence header (avc-aac-bframes.flv, shortened)',
    9,
    `17         // FrameType 1 key | CodecID 7 AVC
     00         // AVCPacketType 0 sequence header
     00 00 00   // CompositionTime
     01 4d 40 0d ff`,
    '01 4d 40 0d ff',
    { codec: 'avc1', configuration: true, payloadOffset: 5 },
  ),
  vector(
    'AVC keyframe with a composition time of 80 ms',
    9,
    `17         // FrameType 1 key | CodecID 7 AVC
     01         // AVCPacketType 1 NALU
     00 00 50   // CompositionTime 80
     00 00 00 02 65 88`,
    '00 00 00 02 65 88',
    { codec: 'avc1', cts: 80, keyframe: true, coded: true, payloadOffset: 5 },
  ),
  vector('AVC inter frame', 9, '27 01 00 00 00 00 00 00 02 41 9a', '00 00 00 02 41 9a', {
    codec: 'avc1',
    coded: true,
    payloadOffset: 5,
  }),
  vector(
    'AVC with a composition time of -40 ms',
    9,
    `27         // FrameType 2 inter | CodecID 7
     01         // AVCPacketType 1 NALU
     ff ff d8   // CompositionTime SI24 -40
     00 00 00 01 41`,
    '00 00 00 01 41',
    { codec: 'avc1', cts: -40, coded: true, payloadOffset: 5 },
  ),
  vector('AVC disposable inter frame', 9, '37 01 00 00 00 00 00 00 01 01', '00 00 00 01 01', {
    codec: 'avc1',
    coded: true,
    disposable: true,
    payloadOffset: 5,
  }),
  vector('AVC end of sequence (video-only-avc.flv)', 9, '17 02 00 00 00', '', {
    codec: 'avc1',
    endOfSequence: true,
    payloadOffset: 5,
  }),
  vector('AVC end of sequence without its composition time', 9, '17 02', '', {
    codec: 'avc1',
    endOfSequence: true,
    payloadOffset: 2,
  }),
  vector('AVC sequence header without a configuration', 9, '17 00 00 00 00', '', {
    codec: 'avc1',
    payloadOffset: 5,
  }),
  vector('AVC packet type 3, in no specification', 9, '27 03 00 00 00 01', '01', {
    codec: 'avc1',
    payloadOffset: 5,
  }),
  vector('AVC packet type 5, a configuration only in the Enhanced form', 9, '17 05 00 00 00 01', '01', {
    codec: 'avc1',
    payloadOffset: 5,
  }),
  vector(
    'start of seek with codec id AVC',
    9,
    `57         // FrameType 5 command | CodecID 7
     00         // VideoCommand 0 start of client-side seek`,
    '',
    { codec: 'avc1', payloadOffset: 2 },
  ),
  vector('HEVC as codec id 12: sequence header', 9, '1c 00 00 00 00 01 01 60', '01 01 60', {
    codec: 'hvc1',
    configuration: true,
    payloadOffset: 5,
  }),
  vector('HEVC as codec id 12: keyframe', 9, '1c 01 00 00 28 00 00 00 02 26 01', '00 00 00 02 26 01', {
    codec: 'hvc1',
    cts: 40,
    keyframe: true,
    coded: true,
    payloadOffset: 5,
  }),
  vector('AV1 as codec id 13: sequence header', 9, '1d 00 00 00 00 81 00 0c 00', '81 00 0c 00', {
    codec: 'av01',
    configuration: true,
    payloadOffset: 5,
  }),
  vector('AV1 as codec id 13: inter frame', 9, '2d 01 00 00 00 12 00', '12 00', {
    codec: 'av01',
    coded: true,
    payloadOffset: 5,
  }),
  vector('Sorenson H.263 keyframe', 9, '12 00 00 84', '00 00 84', {
    codec: 'h263',
    keyframe: true,
    coded: true,
    payloadOffset: 1,
  }),
  vector('Sorenson H.263 disposable inter frame', 9, '32 00 00 84', '00 00 84', {
    codec: 'h263',
    disposable: true,
    coded: true,
    payloadOffset: 1,
  }),
  vector('screen video', 9, '13 30 00', '30 00', {
    codec: 'svid',
    keyframe: true,
    coded: true,
    payloadOffset: 1,
  }),
  vector('On2 VP6', 9, '24 00 78', '00 78', { codec: 'vp6f', coded: true, payloadOffset: 1 }),
  vector('On2 VP6 with alpha', 9, '25 00 78', '00 78', { codec: 'vp6a', coded: true, payloadOffset: 1 }),
  vector('screen video 2', 9, '26 00', '00', { codec: 'svi2', coded: true, payloadOffset: 1 }),
  vector('MPEG-4 part 2 as codec id 9', 9, '19 00', '00', {
    codec: 'mp4v',
    keyframe: true,
    coded: true,
    payloadOffset: 1,
  }),
  vector('reserved codec id 15', 9, '1f 00 00', '00 00', {
    keyframe: true,
    coded: true,
    payloadOffset: 1,
  }),
  vector('generated key frame: players do not start there', 9, '42 00', '00', {
    codec: 'h263',
    coded: true,
    payloadOffset: 1,
  }),
  vector('nothing at all', 9, '', '', {}),
  vector('a first byte alone', 9, '17', '', { codec: 'avc1', payloadOffset: 1 }),
]

const enhancedVideo: TagVector[] = [
  vector(
    'HEVC sequence start (hevc-aac.ertmp.flv, shortened)',
    9,
    `90             // IsExVideoHeader | FrameType 1 key | PacketType 0 SequenceStart
     68 76 63 31    // 'hvc1'
     01 01 60`,
    '01 01 60',
    { codec: 'hvc1', configuration: true, payloadOffset: 5 },
  ),
  vector(
    'HEVC coded frames',
    9,
    `91             // IsExVideoHeader | FrameType 1 key | PacketType 1 CodedFrames
     68 76 63 31    // 'hvc1'
     ff ff ff       // compositionTimeOffset SI24 -1
     00 00 00 02 28 01`,
    '00 00 00 02 28 01',
    { codec: 'hvc1', cts: -1, keyframe: true, coded: true, payloadOffset: 8 },
  ),
  vector(
    'HEVC coded frames X',
    9,
    `a3             // IsExVideoHeader | FrameType 2 inter | PacketType 3 CodedFramesX
     68 76 63 31    // 'hvc1'
     00 00 00 02 02 01`,
    '00 00 00 02 02 01',
    { codec: 'hvc1', coded: true, payloadOffset: 5 },
  ),
  vector('HEVC sequence end', 9, '92 68 76 63 31', '', {
    codec: 'hvc1',
    endOfSequence: true,
    payloadOffset: 5,
  }),
  vector('AVC coded frames, Enhanced', 9, '91 61 76 63 31 00 00 28 00 00 00 01 65', '00 00 00 01 65', {
    codec: 'avc1',
    cts: 40,
    keyframe: true,
    coded: true,
    payloadOffset: 8,
  }),
  vector('VVC coded frames', 9, 'b1 76 76 63 31 00 00 01 00', '00', {
    codec: 'vvc1',
    cts: 1,
    disposable: true,
    coded: true,
    payloadOffset: 8,
  }),
  vector(
    'AV1 coded frames have no composition time',
    9,
    `91             // IsExVideoHeader | FrameType 1 key | PacketType 1 CodedFrames
     61 76 30 31    // 'av01'
     12 00 0a 0b`,
    '12 00 0a 0b',
    { codec: 'av01', keyframe: true, coded: true, payloadOffset: 5 },
  ),
  vector('VP8 coded frames', 9, '91 76 70 30 38 10', '10', {
    codec: 'vp08',
    keyframe: true,
    coded: true,
    payloadOffset: 5,
  }),
  vector('VP9 sequence start (vp9-opus.ertmp.flv)', 9, '90 76 70 30 39 01 00 00 00 00 0b 82 02 02 02 00 00', '01 00 00 00 00 0b 82 02 02 02 00 00', { codec: 'vp09', configuration: true, payloadOffset: 5 }), // prettier-ignore
  vector(
    'AV1 MPEG-2 TS sequence start',
    9,
    `95             // IsExVideoHeader | FrameType 1 key | PacketType 5 MPEG2TSSequenceStart
     61 76 30 31    // 'av01'
     80 04 81 00    // AV1 video descriptor`,
    '80 04 81 00',
    { codec: 'av01', configuration: true, payloadOffset: 5 },
  ),
  vector(
    'colorInfo (hevc-aac.ertmp.flv, shortened): its frame type 5 means nothing',
    9,
    `d4             // IsExVideoHeader | FrameType 5 | PacketType 4 Metadata
     68 76 63 31    // 'hvc1'
     02 00 09 63 6f 6c 6f 72 49 6e 66 6f // AMF0 string 'colorInfo'`,
    '02 00 09 63 6f 6c 6f 72 49 6e 66 6f',
    { codec: 'hvc1', payloadOffset: 5 },
  ),
  vector(
    'end of seek, Enhanced: a command byte in place of the fourCC',
    9,
    `d1             // IsExVideoHeader | FrameType 5 command | PacketType 1
     01             // VideoCommand 1 end of client-side seek`,
    '',
    { payloadOffset: 2 },
  ),
  vector(
    'unknown fourCC, sequence start: configuration by its packet type',
    9,
    '90 58 56 49 44 01 02',
    '01 02',
    {
      codec: 'XVID',
      configuration: true,
      payloadOffset: 5,
    },
  ),
  vector('unknown fourCC, coded keyframe', 9, '91 58 56 49 44 01 02', '01 02', {
    codec: 'XVID',
    keyframe: true,
    coded: true,
    payloadOffset: 5,
  }),
  vector('an audio fourCC in video is unknown there', 9, '90 6d 70 34 61 12 10', '12 10', {
    codec: 'mp4a',
    configuration: true,
    payloadOffset: 5,
  }),
  vector('reserved packet type 9', 9, '99 68 76 63 31 00', '00', { codec: 'hvc1', payloadOffset: 5 }),
  vector(
    'one ModEx: 999,999 ns',
    9,
    `97             // IsExVideoHeader | FrameType 1 key | PacketType 7 ModEx
     02             // modExDataSize 3 - 1
     0f 42 3f       // modExData: UI24 999999
     01             // ModExType 0 TimestampOffsetNano | PacketType 1 CodedFrames
     61 76 30 31    // 'av01'
     0a`,
    '0a',
    { codec: 'av01', keyframe: true, coded: true, timestampOffsetNs: 999_999, payloadOffset: 10 },
  ),
  vector(
    'ModEx of 256 bytes by the 16-bit size, then another',
    9,
    `a7             // IsExVideoHeader | FrameType 2 inter | PacketType 7 ModEx
     ff             // modExDataSize 256: a UI16 follows
     00 ff          // modExDataSize 256 - 1
     ${'ee '.repeat(256)}
     17             // ModExType 1 reserved | PacketType 7 ModEx
     03             // modExDataSize 4 - 1
     00 00 05 aa    // modExData: UI24 5, one byte more
     03             // ModExType 0 TimestampOffsetNano | PacketType 3 CodedFramesX
     68 76 63 31    // 'hvc1'
     00 00 00 00`,
    '00 00 00 00',
    { codec: 'hvc1', coded: true, timestampOffsetNs: 5, payloadOffset: 271 },
  ),
  vector(
    'ModEx of 255 bytes by the 8-bit size',
    9,
    `a7             // IsExVideoHeader | FrameType 2 inter | PacketType 7 ModEx
     fe             // modExDataSize 255 - 1
     00 00 07 ${'00 '.repeat(252)}
     01             // ModExType 0 | PacketType 1 CodedFrames
     76 70 30 39    // 'vp09'
     86`,
    '86',
    { codec: 'vp09', coded: true, timestampOffsetNs: 7, payloadOffset: 262 },
  ),
  vector(
    'ModEx too short for an offset',
    9,
    `97 01 12 34    // ModEx, modExDataSize 2 - 1, modExData
     00             // ModExType 0 | PacketType 0 SequenceStart
     61 76 30 31 81 // 'av01', configuration`,
    '81',
    { codec: 'av01', configuration: true, payloadOffset: 9 },
  ),
]

const audio: TagVector[] = [
  vector(
    'AAC sequence header (avc-aac-bframes.flv)',
    8,
    `af             // SoundFormat 10 AAC | 44 kHz | 16 bits | stereo
     00             // AACPacketType 0 sequence header
     11 90 56 e5 00`,
    '11 90 56 e5 00',
    { codec: 'mp4a', configuration: true, payloadOffset: 2 },
  ),
  vector('AAC raw', 8, 'af 01 21 17 4f', '21 17 4f', { codec: 'mp4a', coded: true, payloadOffset: 2 }),
  vector('AAC raw of nothing', 8, 'af 01', '', { codec: 'mp4a', payloadOffset: 2 }),
  vector('AAC packet type 2, an end only in the Enhanced form', 8, 'af 02', '', {
    codec: 'mp4a',
    payloadOffset: 2,
  }),
  vector('AAC, a first byte alone', 8, 'af', '', { codec: 'mp4a', payloadOffset: 1 }),
  vector('MP3 (avc-mp3.flv, shortened)', 8, '2e ff fb 50 c4', 'ff fb 50 c4', {
    codec: '.mp3',
    coded: true,
    payloadOffset: 1,
  }),
  vector('MP3 8 kHz', 8, 'ee ff e3', 'ff e3', { codec: '.mp3', coded: true, payloadOffset: 1 }),
  vector('PCM, platform endian', 8, '03 00 01', '00 01', { codec: 'pcm ', coded: true, payloadOffset: 1 }),
  vector('ADPCM', 8, '1e 00', '00', { codec: 'adpc', coded: true, payloadOffset: 1 }),
  vector('PCM, little endian', 8, '3f 00 01', '00 01', { codec: 'pcm ', coded: true, payloadOffset: 1 }),
  vector('Nellymoser 16 kHz', 8, '42 00', '00', { codec: 'nell', coded: true, payloadOffset: 1 }),
  vector('Nellymoser 8 kHz', 8, '52 00', '00', { codec: 'nell', coded: true, payloadOffset: 1 }),
  vector('Nellymoser', 8, '6a 00', '00', { codec: 'nell', coded: true, payloadOffset: 1 }),
  vector('G.711 A-law', 8, '72 d5', 'd5', { codec: 'alaw', coded: true, payloadOffset: 1 }),
  vector('G.711 mu-law', 8, '82 ff', 'ff', { codec: 'ulaw', coded: true, payloadOffset: 1 }),
  vector('Speex', 8, 'b2 36 9d', '36 9d', { codec: 'spex', coded: true, payloadOffset: 1 }),
  vector('device-specific sound', 8, 'f0 00', '00', { coded: true, payloadOffset: 1 }),
  vector('reserved format 12', 8, 'c0 00', '00', { coded: true, payloadOffset: 1 }),
  vector('silence: a message without a header', 8, '', '', {}),
  vector(
    'Opus sequence start (vp9-opus.ertmp.flv, shortened)',
    8,
    `90             // SoundFormat 9 ExHeader | PacketType 0 SequenceStart
     4f 70 75 73    // 'Opus'
     4f 70 75 73 48 65 61 64 01 01`,
    '4f 70 75 73 48 65 61 64 01 01',
    { codec: 'Opus', configuration: true, payloadOffset: 5 },
  ),
  vector('Opus coded frames', 8, '91 4f 70 75 73 f8 b4', 'f8 b4', {
    codec: 'Opus',
    coded: true,
    payloadOffset: 5,
  }),
  vector('Opus sequence end', 8, '92 4f 70 75 73', '', {
    codec: 'Opus',
    endOfSequence: true,
    payloadOffset: 5,
  }),
  vector(
    'Opus multichannel configuration (vp9-opus.ertmp.flv)',
    8,
    `94             // SoundFormat 9 ExHeader | PacketType 4 MultichannelConfig
     4f 70 75 73    // 'Opus'
     01 01          // AudioChannelOrder 1 native | channelCount 1
     00 00 00 04    // audioChannelFlags: front center`,
    '01 01 00 00 00 04',
    { codec: 'Opus', payloadOffset: 5 },
  ),
  vector('AAC, Enhanced', 8, '90 6d 70 34 61 12 10', '12 10', {
    codec: 'mp4a',
    configuration: true,
    payloadOffset: 5,
  }),
  vector('MP3, Enhanced', 8, '91 2e 6d 70 33 ff fb', 'ff fb', {
    codec: '.mp3',
    coded: true,
    payloadOffset: 5,
  }),
  vector('FLAC sequence start', 8, '90 66 4c 61 43 12 00', '12 00', {
    codec: 'fLaC',
    configuration: true,
    payloadOffset: 5,
  }),
  vector('AC-3', 8, '91 61 63 2d 33 0b 77', '0b 77', { codec: 'ac-3', coded: true, payloadOffset: 5 }),
  vector('E-AC-3', 8, '91 65 63 2d 33 0b 77', '0b 77', { codec: 'ec-3', coded: true, payloadOffset: 5 }),
  vector('unknown fourCC', 8, '90 64 74 73 63 01', '01', {
    codec: 'dtsc',
    configuration: true,
    payloadOffset: 5,
  }),
  vector(
    'ModEx before Opus',
    8,
    `97             // SoundFormat 9 ExHeader | PacketType 7 ModEx
     02             // modExDataSize 3 - 1
     00 01 00       // modExData: UI24 256
     01             // ModExType 0 TimestampOffsetNano | PacketType 1 CodedFrames
     4f 70 75 73    // 'Opus'
     f8`,
    'f8',
    { codec: 'Opus', coded: true, timestampOffsetNs: 256, payloadOffset: 10 },
  ),
]

const data: TagVector[] = [
  vector(
    'onMetaData',
    18,
    `02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 // AMF0 string 'onMetaData'
     08 00 00 00 00 00 00 09                // empty ECMA array`,
    '02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 08 00 00 00 00 00 00 09',
    { configuration: true },
  ),
  vector('onMetaData without values', 18, '02 00 0a 6f 6e 4d 65 74 61 44 61 74 61', '02 00 0a 6f 6e 4d 65 74 61 44 61 74 61', {}), // prettier-ignore
  vector('onCuePoint', 18, '02 00 0a 6f 6e 43 75 65 50 6f 69 6e 74 05', '02 00 0a 6f 6e 43 75 65 50 6f 69 6e 74 05', {}), // prettier-ignore
  vector('no data', 18, '', '', {}),
]

/** Bodies of one track. */
export const TAG_VECTORS: readonly TagVector[] = [...legacyVideo, ...enhancedVideo, ...audio, ...data]
