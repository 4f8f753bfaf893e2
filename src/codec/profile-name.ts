/**
 * Profiles and levels by name, for statistics and logs.
 *
 * @module
 */

/**
 * Name of an H.264 profile, "Profile N" if it has none. `compatibility` distinguishes Constrained Baseline.
 */
export function avcProfileName(profile: number, compatibility: number): string {
  if (profile === 66 && (compatibility & 0x40) !== 0) return 'Constrained Baseline' // constraint_set1_flag
  return AVC_PROFILES.get(profile) ?? `Profile ${profile}`
}

/** Level of H.264: "3.1" for 31; "1b" for level 9, or for 11 with constraint_set3 below High profile. */
export function avcLevelName(profile: number, compatibility: number, level: number): string {
  const constraintSet3 = (compatibility & 0x10) !== 0
  if (level === 9 || (level === 11 && constraintSet3 && profile < 100)) return '1b'
  return (level / 10).toFixed(1)
}

/** Name of an H.265 profile, "Profile N" for one without. */
export function hevcProfileName(profile: number): string {
  return HEVC_PROFILES.get(profile) ?? `Profile ${profile}`
}

/** Level of H.265: "3.1" for 93. */
export function hevcLevelName(level: number): string {
  return (level / 30).toFixed(1)
}

/** Name of an AV1 profile, "Profile N" for one without. */
export function av1ProfileName(profile: number): string {
  return ['Main', 'High', 'Professional'][profile] ?? `Profile ${profile}`
}

/** Level of AV1: "4.0" for seq_level_idx 8; "max" for 31, which sets no limits. */
export function av1LevelName(level: number): string {
  return level === 31 ? 'max' : `${2 + (level >> 2)}.${level & 3}`
}

/** Level of H.266: "3.1" for 51. */
export function vvcLevelName(level: number): string {
  return `${level >> 4}.${Math.floor((level & 0x0f) / 3)}`
}

/** Name of an MPEG-4 audio object type, "Type N" for one without. */
export function aacProfileName(objectType: number): string {
  return AAC_PROFILES.get(objectType) ?? `Type ${objectType}`
}

const AVC_PROFILES: ReadonlyMap<number, string> = new Map([
  [44, 'CAVLC 4:4:4 Intra'],
  [66, 'Baseline'],
  [77, 'Main'],
  [88, 'Extended'],
  [100, 'High'],
  [110, 'High 10'],
  [118, 'Multiview High'],
  [122, 'High 4:2:2'],
  [128, 'Stereo High'],
  [244, 'High 4:4:4 Predictive'],
])

const HEVC_PROFILES: ReadonlyMap<number, string> = new Map([
  [1, 'Main'],
  [2, 'Main 10'],
  [3, 'Main Still Picture'],
  [4, 'Range Extensions'],
  [5, 'High Throughput'],
  [9, 'Screen Content Coding'],
])

const AAC_PROFILES: ReadonlyMap<number, string> = new Map([
  [1, 'Main'],
  [2, 'LC'],
  [3, 'SSR'],
  [4, 'LTP'],
  [5, 'HE-AAC'],
  [23, 'LD'],
  [29, 'HE-AAC v2'],
  [39, 'ELD'],
  [42, 'USAC'],
])
