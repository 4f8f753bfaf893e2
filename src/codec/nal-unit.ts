/**
 * What both forms of NAL unit streams share: the bound on their count.
 *
 * @module
 */
import { LimitError } from '../errors/index.ts'

/** Bound on the NAL units that are taken out of an access unit or a configuration record. */
export interface NalSplitOptions {
  /**
   * Most NAL units in one access unit or record. Each costs a view of about 100 bytes, so that a message full
   * of one-byte NAL units would take fifty times its size.
   * @defaultValue 16384
   */
  readonly maxNalUnits?: number
}

/** Default of {@link NalSplitOptions.maxNalUnits}: a 20 MB picture in slices of 1,300 bytes still fits. */
export const DEFAULT_MAX_NAL_UNITS = 16_384

/** The error beyond the bound. */
export function tooManyNalUnits(what: string, max: number): LimitError {
  return new LimitError('ERR_NAL_COUNT', `${what} exceeds maxNalUnits ${max}`)
}
