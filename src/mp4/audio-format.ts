/**
 * Audio sample entries. ISO/IEC 14496-12 §12.2.3, ISO/IEC 14496-14 §5.6, Encapsulation of Opus in ISO Base
 * Media File Format §4.3, Encapsulation of FLAC in ISO Base Media File Format §3.3, ETSI TS 102 366 Annex F.
 *
 * Layout: reserved 48, data_reference_index 16 = 1 | reserved 64 | channelcount 16, samplesize 16 = 16 |
 * pre_defined 16, reserved 16
 * | samplerate 32 (16.16) | boxes
 *
 * @module
 */
import {
  type Ac3Header,
  decodeAc3Header,
  decodeAudioSpecificConfig,
  decodeFlacStreamInfo,
  decodeMpegAudioHeader,
  decodeOpusHead,
  encodeFlacStreamInfo,
  flacFrameSamples,
  isMpegAudioSync,
  opusPacketSamples,
  splitAdts,
  type OpusHead,
} from '../codec/index.ts'
import { EMPTY_BYTES } from '../bytes/index.ts'
import type { FourCc } from '../media/index.ts'
import { ac3AccessUnit, writeAc3SpecificBox } from './ac3-specific-box.ts'
import type { BoxWriter } from './box-writer.ts'
import {
  OBJECT_TYPE_AAC,
  OBJECT_TYPE_MPEG1_AUDIO,
  OBJECT_TYPE_MPEG2_AUDIO,
  writeEsds,
} from './es-descriptor.ts'
import type { SampleFormat } from './sample-format.ts'

/**
 * The format of an audio codec, or `undefined` for one that has no place here.
 * @param configuration - payload of the configuration packet; for a self-describing codec a frame.
 * @throws {@link MediaError} if the configuration cannot be read.
 */
export function audioFormat(codec: FourCc, configuration: Uint8Array): SampleFormat | undefined {
  switch (codec) {
    case 'mp4a':
      return aacFormat(configuration)
    case '.mp3':
      return mp3Format(configuration)
    case 'Opus':
      return opusFormat(decodeOpusHead(configuration))
    case 'fLaC':
      return flacFormat(configuration)
    case 'ac-3':
    case 'ec-3':
      return ac3Format(codec, decodeAc3Header(configuration), configuration)
    default:
      return undefined
  }
}

/** Whether the frames of a codec say what others have a configuration for. */
export function isSelfDescribing(codec: FourCc): boolean {
  return codec === '.mp3' || codec === 'ac-3' || codec === 'ec-3'
}

/** The raw frames of AAC in a payload, which may be ADTS; `undefined` for ADTS that cannot be taken apart. */
export function rawAacFrames(payload: Uint8Array): readonly Uint8Array[] | undefined {
  const frames = splitAdts(payload)
  if (frames.length === 0) return [payload]
  // Only a decoder knows where the blocks of a frame end.
  return frames.every(({ header }) => header.blockCount === 1)
    ? frames.map((frame) => frame.payload)
    : undefined
}

/**
 * A number that stays the same as long as frames of a self-describing codec fit the sample entry of the first
 * one; −1 for bytes that are no frame.
 */
export function frameFormatNumber(codec: FourCc, frame: Uint8Array): number {
  if (codec === '.mp3') {
    if (frame.length < 4 || !isMpegAudioSync(frame, 0)) return -1
    const mono = frame[3]! >> 6 === 3 ? 1 : 0 // mode
    return ((frame[1]! & 0x1e) << 8) | (frame[2]! & 0x0c) | mono // version, layer | frequency index
  }
  if (frame.length < 8 || frame[0] !== 0x0b || frame[1] !== 0x77) return -1
  const bsid = frame[5]! >> 3
  // fscod, then acmod: after bsid and bsmod in AC-3, before them in E-AC-3, whose lfeon follows
  return (bsid << 16) | ((frame[4]! & 0xc0) << 8) | (bsid > 10 ? frame[4]! & 0x0f : frame[6]! & 0xe0)
}

/**
 * AAC. With SBR the output rate counts: players take the sample entry's rate, and 2048 samples of it for a
 * frame.
 */
function aacFormat(configuration: Uint8Array): SampleFormat {
  const config = decodeAudioSpecificConfig(configuration)
  const rate = config.extensionSamplingFrequency ?? config.samplingFrequency
  const ticks = Math.round((config.frameSamples * rate) / config.samplingFrequency)
  // 0: the frames say. 2 is its value if it says nothing, §12.2.3.2.
  const channels = config.ps ? 2 : config.channelCount || 2
  return format('mp4a', rate, channels, 16, ticks, (writer) => {
    writeEsds(writer, OBJECT_TYPE_AAC, configuration)
  })
}

/**
 * MP3 as MPEG-4 audio of object type 6B or 69, which every player reads; the sample entry `.mp3` is
 * QuickTime's own, and `mp4a` with a configuration of audio object type 34 is read by few.
 */
function mp3Format(frame: Uint8Array): SampleFormat {
  const { version, samplingFrequency, channelCount, frameSamples } = decodeMpegAudioHeader(frame)
  const objectType = version === 1 ? OBJECT_TYPE_MPEG1_AUDIO : OBJECT_TYPE_MPEG2_AUDIO
  return format('mp4a', samplingFrequency, channelCount, 16, frameSamples, (writer) => {
    writeEsds(writer, objectType, EMPTY_BYTES)
  })
}

function opusFormat(head: OpusHead): SampleFormat {
  return {
    ...format('Opus', 48_000, head.channelCount, 16, 960, (writer) => writeOpusSpecificBox(writer, head)),
    frameTicks: (packet) => opusPacketSamples(packet),
  }
}

/**
 * `dOps`, big-endian where OpusHead is little-endian.
 *
 * Layout: Version 8 = 0 | OutputChannelCount 8 | PreSkip 16 | InputSampleRate 32 | OutputGain 16 |
 * ChannelMappingFamily 8 | mapping table
 */
function writeOpusSpecificBox(writer: BoxWriter, head: OpusHead): void {
  writer.open('dOps')
  writer.u8(0) // Version
  writer.u8(head.channelCount)
  writer.u16(head.preSkip)
  writer.u32(head.inputSampleRate)
  writer.u16(head.outputGain)
  writer.u8(head.mappingFamily)
  if (head.mapping !== undefined) {
    writer.u8(head.mapping.streamCount)
    writer.u8(head.mapping.coupledCount)
    writer.bytes(Uint8Array.from(head.mapping.channels))
  }
  writer.close()
}

function flacFormat(configuration: Uint8Array): SampleFormat {
  const info = decodeFlacStreamInfo(configuration)
  // Count and MD5 are those of what the encoder was given, not of this file.
  const block = encodeFlacStreamInfo({ ...info, totalSamples: 0, md5: new Uint8Array(16) }).subarray(4)
  const ticks = info.minBlockSize === info.maxBlockSize ? info.maxBlockSize : 0
  return {
    ...format('fLaC', info.sampleRate, info.channelCount, info.bitsPerSample, ticks, (writer) => {
      writer.openFull('dfLa', 0, 0)
      writer.bytes(block) // STREAMINFO after its block header, marked as the last
      writer.close()
    }),
    frameTicks: flacFrameSamples,
  }
}

function ac3Format(codec: FourCc, header: Ac3Header, frame: Uint8Array): SampleFormat {
  const unit = ac3AccessUnit(frame)
  return {
    ...format(codec, header.samplingFrequency, header.channelCount, 16, unit.samples, (writer) => {
      writeAc3SpecificBox(writer, unit)
    }),
    frameTicks: (bytes) => ac3AccessUnit(bytes).samples,
  }
}

function format(
  type: string,
  rate: number,
  channelCount: number,
  sampleBits: number,
  ticks: number,
  writeSpecificBox: (writer: BoxWriter) => void,
): SampleFormat {
  return {
    timescale: rate,
    displayWidth: 0,
    displayHeight: 0,
    nalLengthSize: 0,
    defaultTicks: ticks,
    brand: '',
    writeSampleEntry(writer) {
      writer.open(type)
      writer.zeros(6) // reserved
      writer.u16(1) // data_reference_index
      writer.zeros(8) // reserved
      writer.u16(channelCount)
      writer.u16(sampleBits)
      writer.zeros(4) // pre_defined, reserved
      writer.u32(rate <= 0xffff ? rate * 0x1_0000 : 0) // samplerate, 16.16: only the configuration has higher ones
      writeSpecificBox(writer)
      writer.close()
    },
    frameTicks: () => ticks,
  }
}
