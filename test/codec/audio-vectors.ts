/** Audio configuration from encoders; what ffprobe says of the files they come from stands in the names. */
import { hex } from '../support/bytes.ts'

const PLAIN = {
  objectType: 2,
  frameSamples: 1024,
  sbr: false,
  ps: false,
  sbrSignalling: 'implicit',
  extensionSamplingFrequency: undefined,
  coreCoderDelay: undefined,
  programConfigElement: undefined,
} as const

/** "Lavc59.37.100", the comment that FFmpeg's encoder leaves in a program config element. */
const LAVC = Array.from('Lavc59.37.100', (char) => char.charCodeAt(0))

const PROGRAM = {
  tag: 0,
  objectType: 1,
  samplingFrequencyIndex: 3,
  side: [],
  back: [],
  lfe: [],
  data: [],
  coupling: [],
  monoMixdown: undefined,
  stereoMixdown: undefined,
  matrixMixdown: undefined,
  comment: LAVC,
}

/** AudioSpecificConfig. */
export const AAC_VECTORS = [
  {
    name: 'LC, 44.1 kHz, stereo',
    bytes: hex('1210'),
    value: {
      ...PLAIN,
      samplingFrequency: 44_100,
      samplingFrequencyIndex: 4,
      channelConfiguration: 2,
      channelCount: 2,
    },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'LC, 16 kHz, mono',
    bytes: hex('1408'),
    value: {
      ...PLAIN,
      samplingFrequency: 16_000,
      samplingFrequencyIndex: 8,
      channelConfiguration: 1,
      channelCount: 1,
    },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'LC, 7.1',
    bytes: hex('1238'),
    value: {
      ...PLAIN,
      samplingFrequency: 44_100,
      samplingFrequencyIndex: 4,
      channelConfiguration: 7,
      channelCount: 8,
    },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'Main, 44.1 kHz, mono',
    bytes: hex('0a08'),
    value: {
      ...PLAIN,
      objectType: 1,
      samplingFrequency: 44_100,
      samplingFrequencyIndex: 4,
      channelConfiguration: 1,
      channelCount: 1,
    },
    codecString: 'mp4a.40.1',
  },
  {
    name: 'LC, 53 kHz written out',
    bytes: hex('1780678410'),
    value: {
      ...PLAIN,
      samplingFrequency: 53_000,
      samplingFrequencyIndex: 15,
      channelConfiguration: 2,
      channelCount: 2,
    },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'LC, 96 kHz, depends on a core coder 385 samples ahead',
    bytes: hex('10120c08'),
    value: {
      ...PLAIN,
      samplingFrequency: 96_000,
      samplingFrequencyIndex: 0,
      channelConfiguration: 2,
      channelCount: 2,
      coreCoderDelay: 385,
    },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'FFmpeg, LC, 48 kHz, mono, told to be without SBR',
    bytes: hex('118856e500'),
    value: {
      ...PLAIN,
      samplingFrequency: 48_000,
      samplingFrequencyIndex: 3,
      channelConfiguration: 1,
      channelCount: 1,
      sbrSignalling: 'backwardCompatible',
    },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'fdk-aac, HE-AAC, 44.1 kHz, stereo',
    bytes: hex('2b920800'),
    value: {
      ...PLAIN,
      samplingFrequency: 22_050,
      samplingFrequencyIndex: 7,
      channelConfiguration: 2,
      channelCount: 2,
      sbr: true,
      sbrSignalling: 'hierarchical',
      extensionSamplingFrequency: 44_100,
    },
    codecString: 'mp4a.40.5',
  },
  {
    name: 'fdk-aac, HE-AAC v2, 48 kHz',
    bytes: hex('eb098800'),
    value: {
      ...PLAIN,
      samplingFrequency: 24_000,
      samplingFrequencyIndex: 6,
      channelConfiguration: 1,
      channelCount: 1,
      sbr: true,
      ps: true,
      sbrSignalling: 'hierarchical',
      extensionSamplingFrequency: 48_000,
    },
    codecString: 'mp4a.40.29',
  },
  {
    name: 'HE-AAC, 44.1 kHz, by sync extension',
    bytes: hex(`1390      // 00010 0111 0010 000: LC, 22,050 Hz, stereo
                56e5 a0   // 0x2b7, 00101, sbrPresentFlag 1, index 4 (0100), 000`),
    value: {
      ...PLAIN,
      samplingFrequency: 22_050,
      samplingFrequencyIndex: 7,
      channelConfiguration: 2,
      channelCount: 2,
      sbr: true,
      sbrSignalling: 'backwardCompatible',
      extensionSamplingFrequency: 44_100,
    },
    codecString: 'mp4a.40.5',
  },
  {
    name: 'HE-AAC v2, 44.1 kHz, by sync extensions',
    bytes: hex(`1388      // 00010 0111 0001 000: LC, 22,050 Hz, mono
                56e5 a548 80 // 0x2b7, 00101, 1, 0100, then 0x548 and psPresentFlag 1`),
    value: {
      ...PLAIN,
      samplingFrequency: 22_050,
      samplingFrequencyIndex: 7,
      channelConfiguration: 1,
      channelCount: 1,
      sbr: true,
      ps: true,
      sbrSignalling: 'backwardCompatible',
      extensionSamplingFrequency: 44_100,
    },
    codecString: 'mp4a.40.29',
  },
  {
    name: 'FFmpeg, 2.1 by program config element',
    bytes: hex('118004c4010020000d4c61766335392e33372e31303056e500'),
    value: {
      ...PLAIN,
      samplingFrequency: 48_000,
      samplingFrequencyIndex: 3,
      channelConfiguration: 0,
      channelCount: 3,
      sbrSignalling: 'backwardCompatible',
      programConfigElement: { ...PROGRAM, front: [{ pair: true, tag: 0 }], lfe: [0] },
    },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'FFmpeg, octagonal by program config element',
    bytes: hex('118004c848002008c8200d4c61766335392e33372e31303056e500'),
    value: {
      ...PLAIN,
      samplingFrequency: 48_000,
      samplingFrequencyIndex: 3,
      channelConfiguration: 0,
      channelCount: 8,
      sbrSignalling: 'backwardCompatible',
      programConfigElement: {
        ...PROGRAM,
        front: [
          { pair: true, tag: 0 },
          { pair: false, tag: 0 },
        ],
        side: [{ pair: true, tag: 1 }],
        back: [
          { pair: true, tag: 2 },
          { pair: false, tag: 1 },
        ],
      },
    },
    codecString: 'mp4a.40.2',
  },
  {
    name: 'channel configuration 0, speakers in the raw data blocks',
    bytes: hex('1180'),
    value: {
      ...PLAIN,
      samplingFrequency: 48_000,
      samplingFrequencyIndex: 3,
      channelConfiguration: 0,
      channelCount: 0,
    },
    codecString: 'mp4a.40.2',
  },
] as const

/** OpusHead. */
export const OPUS_VECTORS = [
  {
    name: 'libopus, stereo',
    bytes: hex('4f70757348656164 01 02 3801 80bb0000 0000 00'),
    value: {
      channelCount: 2,
      preSkip: 312,
      inputSampleRate: 48_000,
      outputGain: 0,
      mappingFamily: 0,
      mapping: undefined,
    },
  },
  {
    name: 'libopus, 5.1',
    bytes: hex('4f70757348656164 01 06 3801 80bb0000 0000 01 04 02 000401020305'),
    value: {
      channelCount: 6,
      preSkip: 312,
      inputSampleRate: 48_000,
      outputGain: 0,
      mappingFamily: 1,
      mapping: { streamCount: 4, coupledCount: 2, channels: [0, 4, 1, 2, 3, 5] },
    },
  },
  {
    name: 'gain of -2 dB, source of 44.1 kHz',
    bytes: hex('4f70757348656164 01 01 0f00 44ac0000 00fe 00'),
    value: {
      channelCount: 1,
      preSkip: 15,
      inputSampleRate: 44_100,
      outputGain: -512,
      mappingFamily: 0,
      mapping: undefined,
    },
  },
] as const

/** STREAMINFO without headers. */
export const FLAC_VECTORS = [
  {
    name: 'FFmpeg, 96 kHz, 5.1, 24 bits',
    bytes: hex('2000 2000 001102 006214 17700b70 00002580 9d8131173b1c94d7b3a93ff9f19c1071'),
    value: {
      minBlockSize: 8192,
      maxBlockSize: 8192,
      minFrameBytes: 4354,
      maxFrameBytes: 25_108,
      sampleRate: 96_000,
      channelCount: 6,
      bitsPerSample: 24,
      totalSamples: 9600,
      md5: hex('9d8131173b1c94d7b3a93ff9f19c1071'),
    },
  },
  {
    name: 'FFmpeg, 48 kHz, mono, 16 bits',
    bytes: hex('1200 1200 00029b 0004ff 0bb800f0 00046500 550b82b4d24e66f3f42019dc4f978b68'),
    value: {
      minBlockSize: 4608,
      maxBlockSize: 4608,
      minFrameBytes: 667,
      maxFrameBytes: 1279,
      sampleRate: 48_000,
      channelCount: 1,
      bitsPerSample: 16,
      totalSamples: 288_000,
      md5: hex('550b82b4d24e66f3f42019dc4f978b68'),
    },
  },
  {
    name: 'every field at its end',
    bytes: hex('0010 ffff 000000 ffffff ffffffff ffffffff 00000000000000000000000000000000'),
    value: {
      minBlockSize: 16,
      maxBlockSize: 65_535,
      minFrameBytes: 0,
      maxFrameBytes: 0xffffff,
      sampleRate: 1_048_575,
      channelCount: 8,
      bitsPerSample: 32,
      totalSamples: 2 ** 36 - 1,
      md5: new Uint8Array(16),
    },
  },
] as const
