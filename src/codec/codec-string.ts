/**
 * Codec strings of RFC 6381, as HLS, DASH, Media Source Extensions and WebCodecs take them.
 *
 * @module
 */
import type { AudioSpecificConfig } from './audio-specific-config.ts'
import { AAC_PS, AAC_SBR } from './audio-specific-config.ts'
import type { Av1Configuration } from './av1-configuration.ts'
import type { AvcConfiguration } from './avc-configuration.ts'
import type { HevcProfileTierLevel } from './hevc-profile-tier-level.ts'
import type { ColourDescription } from './video-description.ts'
import type { VpConfiguration } from './vp-configuration.ts'
import type { VvcPicture } from './vvc-configuration.ts'

/** `avc1.PPCCLL`: profile, constraint flags and level in hex. ISO/IEC 14496-15 Annex E.2. */
export function avcCodecString(
  configuration: Pick<AvcConfiguration, 'profile' | 'compatibility' | 'level'>,
): string {
  return `avc1.${hexByte(configuration.profile)}${hexByte(configuration.compatibility)}${hexByte(configuration.level)}`
}

/**
 * `hvc1.1.6.L93.B0`: profile, compatibility flags in reverse bit order, tier with level, constraint bytes
 * without trailing zeros. ISO/IEC 14496-15 Annex E.3.
 */
export function hevcCodecString(configuration: HevcProfileTierLevel): string {
  const space = ['', 'A', 'B', 'C'][configuration.profileSpace]!
  let reversed = 0
  for (let bit = 0; bit < 32; bit++) {
    if ((configuration.profileCompatibility >>> bit) & 1) reversed += 2 ** (31 - bit)
  }
  const tier = configuration.tier === 0 ? 'L' : 'H'
  let text = `hvc1.${space}${configuration.profile}.${reversed.toString(16).toUpperCase()}.${tier}${configuration.level}`
  // 48 constraint bits, first byte first, up to the last that is not zero
  for (let rest = configuration.constraints; rest > 0; rest = (rest % 2 ** 40) * 2 ** 8) {
    text += `.${Math.floor(rest / 2 ** 40)
      .toString(16)
      .toUpperCase()}`
  }
  return text
}

/** `vvc1.1.L51`: profile, tier with level. ISO/IEC 14496-15 Annex E.6; the optional parts are left out. */
export function vvcCodecString(picture: Pick<VvcPicture, 'profile' | 'tier' | 'level'>): string {
  return `vvc1.${picture.profile}.${picture.tier === 0 ? 'L' : 'H'}${picture.level}`
}

/**
 * `av01.0.04M.08`: profile, level, tier, bit depth; monochrome, subsampling and colour follow if they are
 * known and differ from 4:2:0 in BT.709. AV1 in ISOBMFF §5.
 * @param colour - of the sequence header, when it is known.
 */
export function av1CodecString(configuration: Av1Configuration, colour?: ColourDescription): string {
  const { profile, level, tier, bitDepth, monochrome, subsamplingX, subsamplingY } = configuration
  const short = `av01.${profile}.${twoDigits(level)}${tier === 0 ? 'M' : 'H'}.${twoDigits(bitDepth)}`
  const told = unusualColour(colour)
  if (!monochrome && subsamplingX && subsamplingY && told === undefined) return short
  const position = subsamplingX && subsamplingY ? configuration.chromaSamplePosition : 0
  const chroma = `${monochrome ? 1 : 0}.${subsamplingX ? 1 : 0}${subsamplingY ? 1 : 0}${position}`
  const { primaries, transfer, matrix, fullRange } = told ?? BT_709
  return `${short}.${chroma}.${twoDigits(primaries)}.${twoDigits(transfer)}.${twoDigits(matrix)}.${fullRange ? 1 : 0}`
}

/**
 * `vp09.00.31.08`: profile, level, bit depth; subsampling and colour follow when they differ from 4:2:0 in
 * BT.709. VP Codec ISO Media File Format Binding.
 * @param fourCc - `vp09` or `vp08`.
 */
export function vpCodecString(fourCc: string, configuration: VpConfiguration): string {
  const { profile, level, bitDepth, chromaSubsampling } = configuration
  const short = `${fourCc}.${twoDigits(profile)}.${twoDigits(level)}.${twoDigits(bitDepth)}`
  const told = unusualColour(configuration.colour)
  if (chromaSubsampling <= 1 && told === undefined) return short
  const { primaries, transfer, matrix, fullRange } = told ?? BT_709
  const colour = `${twoDigits(primaries)}.${twoDigits(transfer)}.${twoDigits(matrix)}.${fullRange ? '01' : '00'}`
  return `${short}.${twoDigits(chromaSubsampling)}.${colour}`
}

/** `mp4a.40.N` with the audio object type: 2 AAC LC, 5 HE-AAC, 29 HE-AAC v2. RFC 6381 §3.3. */
export function aacCodecString(config: Pick<AudioSpecificConfig, 'objectType' | 'sbr' | 'ps'>): string {
  return `mp4a.40.${config.ps ? AAC_PS : config.sbr ? AAC_SBR : config.objectType}`
}

const BT_709: ColourDescription = { primaries: 1, transfer: 1, matrix: 1, fullRange: false }

/** `undefined` for what the short forms stand for: nothing known, unspecified, or BT.709 in studio range. */
function unusualColour(colour: ColourDescription | undefined): ColourDescription | undefined {
  if (colour === undefined || colour.fullRange) return colour
  const { primaries, transfer, matrix } = colour
  const unspecified = primaries === 2 && transfer === 2 && matrix === 2
  return unspecified || (primaries === 1 && transfer === 1 && matrix === 1) ? undefined : colour
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0')
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, '0')
}
