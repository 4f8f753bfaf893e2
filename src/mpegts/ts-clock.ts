/**
 * From 33-bit clocks, which wrap after 26.5 hours, to times that do not wrap.
 *
 * @module
 */
import { CLOCK_WRAP_TICKS } from './ts-packet.ts'

/** Unwraps the PTS, DTS and PCR of one program, which share a clock. */
export class TsClock {
  #reference: number | undefined

  constructor() {
    this.#reference = undefined
  }

  /** The time nearest to the last decode time. Moves nothing. */
  near(ticks: number): number {
    const reference = this.#reference
    if (reference === undefined) return ticks
    return ticks + CLOCK_WRAP_TICKS * Math.round((reference - ticks) / CLOCK_WRAP_TICKS)
  }

  /** Unwraps a decode time; later times are near this one. */
  advance(ticks: number): number {
    const unwrapped = this.near(ticks)
    this.#reference = unwrapped
    return unwrapped
  }
}
