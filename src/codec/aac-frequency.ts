/**
 * Sampling frequencies and channel counts of AAC. ISO/IEC 14496-3 Table 1.18 and Table 1.19.
 *
 * @module
 */

/** Sampling frequency in Hz by samplingFrequencyIndex 0 to 12; 13 and 14 are reserved, 15 is the escape. */
export const AAC_SAMPLING_FREQUENCIES: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
]

/** samplingFrequencyIndex that announces an explicit 24-bit frequency. */
export const AAC_FREQUENCY_ESCAPE = 15

/** The samplingFrequencyIndex of a frequency in Hz, or 15 (escape) for one that is not in the table. */
export function aacFrequencyIndex(frequency: number): number {
  const index = AAC_SAMPLING_FREQUENCIES.indexOf(frequency)
  return index < 0 ? AAC_FREQUENCY_ESCAPE : index
}

/**
 * Output channels of a channelConfiguration: 0 for configuration 0 (a program config element says) and for
 * reserved values.
 */
export function aacChannelCount(channelConfiguration: number): number {
  return CHANNEL_COUNTS[channelConfiguration] ?? 0
}

// 7 is 7.1, 11 is 6.1, 12 is 7.1 with side speakers, 13 is 22.2, 14 is 7.1 with top speakers
const CHANNEL_COUNTS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0]
