/**
 * AudioSpecificConfig: the sequence header of AAC in FLV, RTMP and MP4. ISO/IEC 14496-3 §1.6.2.1.
 *
 * Layout in bits: audioObjectType 5 (+6) | samplingFrequencyIndex 4 (+24) | channelConfiguration 4
 * | type 5 or 29 (SBR, PS): extension frequency 4 (+24), core audioObjectType 5 (+6)
 * | GASpecificConfig: frameLengthFlag 1, dependsOnCoreCoder 1 (+14), extensionFlag 1, program config element if channels 0
 * | sync extension: 0x2b7 11, type 5, sbrPresentFlag 1, frequency 4 (+24), 0x548 11, psPresentFlag 1
 *
 * @module
 */
import { BitReader } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import {
  AAC_FREQUENCY_ESCAPE,
  AAC_SAMPLING_FREQUENCIES,
  aacChannelCount,
  aacFrequencyIndex,
} from './aac-frequency.ts'
import { BitWriter } from './bit-writer.ts'
import {
  type ProgramConfigElement,
  programChannelCount,
  readProgramConfigElement,
  writeProgramConfigElement,
} from './program-config-element.ts'

/** Audio object type of AAC Main. */
export const AAC_MAIN = 1
/** Audio object type of AAC LC, the usual one. */
export const AAC_LC = 2
/** Audio object type of spectral band replication: HE-AAC. */
export const AAC_SBR = 5
/** Audio object type of parametric stereo: HE-AAC v2. */
export const AAC_PS = 29

/**
 * How a configuration speaks of SBR: not at all (a decoder may still find it in the stream), by audio object
 * type 5 or 29 in front, or by a sync extension that plain AAC decoders skip.
 */
export type SbrSignalling = 'implicit' | 'hierarchical' | 'backwardCompatible'

/** Decoder configuration of MPEG-4 audio. */
export interface AudioSpecificConfig {
  /** Audio object type of the core coder: 2 (AAC LC) for HE-AAC too, whose SBR and PS are flags here. */
  readonly objectType: number
  /** Sampling frequency of the core coder in Hz: half the output frequency with SBR. */
  readonly samplingFrequency: number
  /** Index of that frequency, 0 to 12; 15 when it is written out in 24 bits. */
  readonly samplingFrequencyIndex: number
  /** channelConfiguration, 0 to 15; 0 when a program config element lists the speakers. */
  readonly channelConfiguration: number
  /** Channels of the core coder; 0 when unknown. A PS stream has 1 here and is played as 2. */
  readonly channelCount: number
  /** Samples a channel of one frame of the core coder: 1024, 960, or 512 and 480 for low delay. */
  readonly frameSamples: number
  /** Whether spectral band replication is signalled (HE-AAC). */
  readonly sbr: boolean
  /** Whether parametric stereo is signalled (HE-AAC v2). */
  readonly ps: boolean
  /** How SBR is signalled. */
  readonly sbrSignalling: SbrSignalling
  /** Output sampling frequency in Hz when SBR is signalled. */
  readonly extensionSamplingFrequency: number | undefined
  /** Delay of the core coder in samples, in scalable streams. */
  readonly coreCoderDelay: number | undefined
  /** Speakers, when channelConfiguration is 0; `undefined` then means that the raw data blocks tell. */
  readonly programConfigElement: ProgramConfigElement | undefined
}

/** What {@link createAudioSpecificConfig} needs. */
export interface AudioSpecificConfigInit {
  /** Audio object type. @defaultValue 2, AAC LC */
  readonly objectType?: number
  /** Sampling frequency in Hz. */
  readonly samplingFrequency: number
  /** channelConfiguration, 1 to 7 as a rule: the channel count up to 6, and 7 for 7.1. */
  readonly channelConfiguration: number
}

/** A configuration without SBR signalling, as it follows from an ADTS header. */
export function createAudioSpecificConfig(init: AudioSpecificConfigInit): AudioSpecificConfig {
  return {
    objectType: init.objectType ?? AAC_LC,
    samplingFrequency: init.samplingFrequency,
    samplingFrequencyIndex: aacFrequencyIndex(init.samplingFrequency),
    channelConfiguration: init.channelConfiguration,
    channelCount: aacChannelCount(init.channelConfiguration),
    frameSamples: 1024,
    sbr: false,
    ps: false,
    sbrSignalling: 'implicit',
    extensionSamplingFrequency: undefined,
    coreCoderDelay: undefined,
    programConfigElement: undefined,
  }
}

/**
 * Reads an AudioSpecificConfig. Of object types that are not plain AAC (ELD, USAC, …) only the common front
 * is read. Bytes after the configuration are ignored, and so is a program config element that is cut short or
 * missing.
 * @throws {@link DecodeError} `ERR_BYTES_END` if it is cut short.
 * @throws {@link DecodeError} `ERR_AAC_CONFIGURATION` for object type 0 or a reserved sampling frequency.
 */
export function decodeAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig {
  const reader = new BitReader(bytes)
  let objectType = readObjectType(reader)
  const core = readFrequency(reader)
  const channelConfiguration = reader.bits(4)
  let sbr = false
  let ps = false
  let sbrSignalling: SbrSignalling = 'implicit'
  let extensionSamplingFrequency: number | undefined
  if (objectType === AAC_SBR || objectType === AAC_PS) {
    sbr = true
    ps = objectType === AAC_PS
    sbrSignalling = 'hierarchical'
    extensionSamplingFrequency = readFrequency(reader).frequency
    objectType = readObjectType(reader)
    if (objectType === ER_BSAC) reader.skip(4) // extensionChannelConfiguration
  }
  let frameSamples = 1024
  let coreCoderDelay: number | undefined
  let programConfigElement: ProgramConfigElement | undefined
  if (isGeneralAudio(objectType)) {
    const short = reader.flag() // frameLengthFlag
    if (objectType === ER_AAC_LD) frameSamples = short ? 480 : 512
    else if (short) frameSamples = 960
    if (reader.flag()) coreCoderDelay = reader.bits(14) // dependsOnCoreCoder
    const extensionFlag = reader.flag()
    if (channelConfiguration === 0) programConfigElement = readProgramIfThere(reader)
    if (isPlainGeneralAudio(objectType) && !extensionFlag && sbrSignalling === 'implicit') {
      const extension = readSyncExtension(reader)
      if (extension !== undefined) {
        ;({ sbr, ps, extensionSamplingFrequency } = extension)
        sbrSignalling = 'backwardCompatible'
      }
    }
  } else if (objectType === ER_AAC_ELD) {
    frameSamples = reader.flag() ? 480 : 512
  }
  return {
    objectType,
    samplingFrequency: core.frequency,
    samplingFrequencyIndex: core.index,
    channelConfiguration,
    channelCount:
      programConfigElement === undefined
        ? aacChannelCount(channelConfiguration)
        : programChannelCount(programConfigElement),
    frameSamples,
    sbr,
    ps,
    sbrSignalling,
    extensionSamplingFrequency,
    coreCoderDelay,
    programConfigElement,
  }
}

/**
 * Writes an AudioSpecificConfig of AAC Main, LC, SSR, LTP or TwinVQ, with or without SBR and PS.
 * @throws RangeError for other object types, whose specific part this package does not write, and for a
 * program config element in addition to a channelConfiguration other than 0.
 */
export function encodeAudioSpecificConfig(config: AudioSpecificConfig): Uint8Array {
  const { objectType, programConfigElement, sbrSignalling } = config
  if (!isPlainGeneralAudio(objectType)) throw new RangeError(`audio object type ${objectType}`)
  if (config.channelConfiguration !== 0 && programConfigElement !== undefined) {
    throw new RangeError('a program config element goes with channelConfiguration 0')
  }
  const extensionFrequency = config.extensionSamplingFrequency ?? config.samplingFrequency * 2
  const writer = new BitWriter()
  const hierarchical = sbrSignalling === 'hierarchical'
  writer.bits(5, hierarchical ? (config.ps ? AAC_PS : AAC_SBR) : objectType)
  writeFrequency(writer, config.samplingFrequency)
  writer.bits(4, config.channelConfiguration)
  if (hierarchical) {
    writeFrequency(writer, extensionFrequency)
    writer.bits(5, objectType)
  }
  writer.flag(config.frameSamples === 960) // frameLengthFlag
  writer.flag(config.coreCoderDelay !== undefined) // dependsOnCoreCoder
  if (config.coreCoderDelay !== undefined) writer.bits(14, config.coreCoderDelay)
  writer.flag(false) // extensionFlag
  if (programConfigElement !== undefined) writeProgramConfigElement(writer, programConfigElement)
  if (sbrSignalling === 'backwardCompatible') {
    writer.bits(11, SYNC_EXTENSION_SBR)
    writer.bits(5, AAC_SBR)
    writer.flag(config.sbr) // sbrPresentFlag
    if (config.sbr) {
      writeFrequency(writer, extensionFrequency)
      if (config.ps) {
        writer.bits(11, SYNC_EXTENSION_PS)
        writer.flag(true) // psPresentFlag
      }
    }
  }
  return writer.bytes()
}

const ER_BSAC = 22
const ER_AAC_LD = 23
const ER_AAC_ELD = 39
const SYNC_EXTENSION_SBR = 0x2b7
const SYNC_EXTENSION_PS = 0x548

/** Object types whose specific part is a GASpecificConfig. */
function isGeneralAudio(type: number): boolean {
  return isPlainGeneralAudio(type) || type === 6 || type === 17 || (type >= 19 && type <= 23)
}

/**
 * Those among them whose GASpecificConfig has nothing after the common fields: Main, LC, SSR, LTP, TwinVQ.
 */
function isPlainGeneralAudio(type: number): boolean {
  return (type >= AAC_MAIN && type <= 4) || type === 7
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5)
  if (type === 0) throw new DecodeError('ERR_AAC_CONFIGURATION', 'audio object type 0')
  return type === 31 ? 32 + reader.bits(6) : type
}

function readFrequency(reader: BitReader): { index: number; frequency: number } {
  const index = reader.bits(4)
  const frequency = index === AAC_FREQUENCY_ESCAPE ? reader.bits(24) : AAC_SAMPLING_FREQUENCIES[index]
  if (frequency === undefined || frequency === 0) {
    throw new DecodeError(
      'ERR_AAC_CONFIGURATION',
      `sampling frequency index ${index}, frequency ${frequency}`,
    )
  }
  return { index, frequency }
}

function writeFrequency(writer: BitWriter, frequency: number): void {
  const index = aacFrequencyIndex(frequency)
  writer.bits(4, index)
  if (index === AAC_FREQUENCY_ESCAPE) writer.bits(24, frequency)
}

/** The program config element, or `undefined` if a sender leaves it to the raw data blocks: `11 80` alone. */
function readProgramIfThere(reader: BitReader): ProgramConfigElement | undefined {
  try {
    return readProgramConfigElement(reader)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** The backward compatible extension, or `undefined` for anything else that may follow, cut or odd. */
function readSyncExtension(
  reader: BitReader,
): { sbr: boolean; ps: boolean; extensionSamplingFrequency: number | undefined } | undefined {
  if (reader.bitsLeft < 16 || reader.bits(11) !== SYNC_EXTENSION_SBR) return undefined
  if (reader.bits(5) !== AAC_SBR || reader.bitsLeft < 1) return undefined
  if (!reader.flag()) return { sbr: false, ps: false, extensionSamplingFrequency: undefined }
  if (reader.bitsLeft < 4) return undefined
  const index = reader.bits(4)
  if (index === AAC_FREQUENCY_ESCAPE && reader.bitsLeft < 24) return undefined
  const frequency = index === AAC_FREQUENCY_ESCAPE ? reader.bits(24) : AAC_SAMPLING_FREQUENCIES[index]
  if (frequency === undefined || frequency === 0) return undefined
  const ps = reader.bitsLeft >= 12 && reader.bits(11) === SYNC_EXTENSION_PS && reader.flag()
  return { sbr: true, ps, extensionSamplingFrequency: frequency }
}
