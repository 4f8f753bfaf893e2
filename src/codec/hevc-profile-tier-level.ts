/**
 * profile_tier_level() of H.265. Rec. ITU-T H.265 §7.3.3.
 *
 * Layout: profile space 2 | tier 1 | profile 5 | compatibility flags 32 | constraint flags 48 | level 8
 * | sub-layer presence flags 2 × 8 | sub-layers: 88 bits of profile, 8 of level, each if present
 *
 * @module
 */
import type { BitReader } from '../bytes/index.ts'

/** Profile, tier and level; the same fields stand in SPS, VPS and hvcC. */
export interface HevcProfileTierLevel {
  /** general_profile_space, 0 to 3; 0 in every stream so far. */
  readonly profileSpace: number
  /** general_tier_flag: 0 Main tier, 1 High tier. */
  readonly tier: number
  /** general_profile_idc: 1 Main, 2 Main 10, 3 Main Still Picture, 4 range extensions. */
  readonly profile: number
  /** general_profile_compatibility_flags as 32 bits, flag 0 at the top. */
  readonly profileCompatibility: number
  /** The 48 bits of constraint flags as one number, progressive_source_flag at the top. */
  readonly constraints: number
  /** general_level_idc: thirty times the level, 93 for 3.1. */
  readonly level: number
}

/** Bits of the general part. */
const GENERAL_BITS = 96

/**
 * Reads profile_tier_level(1, maxSubLayersMinus1) and passes over the sub-layers.
 * @param maxSubLayersMinus1 - 0 to 7, a 3-bit field.
 * @internal
 */
export function readHevcProfileTierLevel(
  reader: BitReader,
  maxSubLayersMinus1: number,
): HevcProfileTierLevel {
  const general = {
    profileSpace: reader.bits(2),
    tier: reader.bits(1),
    profile: reader.bits(5),
    profileCompatibility: reader.bits(32),
    constraints: reader.bits(24) * 2 ** 24 + reader.bits(24),
    level: reader.bits(8),
  }
  if (maxSubLayersMinus1 > 0) {
    let skip = 0
    for (let i = 0; i < 8; i++) {
      const profilePresent = reader.flag() // for i >= maxSubLayersMinus1 both are reserved_zero_2bits
      const levelPresent = reader.flag()
      if (i >= maxSubLayersMinus1) continue
      if (profilePresent) skip += GENERAL_BITS - 8
      if (levelPresent) skip += 8
    }
    reader.skip(skip)
  }
  return general
}
