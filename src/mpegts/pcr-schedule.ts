/**
 * When a muxer writes its clock. ISO/IEC 13818-1 §2.7.2: two PCRs are at most 100 ms apart.
 *
 * @module
 */
import { ADAPTATION_DISCONTINUITY, ADAPTATION_PCR } from './ts-packet.ts'

const TICKS_PER_MS = 90
/**
 * A PES packet on another PID is preceded by a PCR when the last one is older. With audio frames of 23 ms no
 * gap reaches 100 ms.
 */
const DUE_TICKS = 70 * TICKS_PER_MS
const MAX_GAP_TICKS = 100 * TICKS_PER_MS
/** A longer silence is not bridged with PCRs. */
const BRIDGE_TICKS = 1000 * TICKS_PER_MS
/** A jump of this size is marked with discontinuity_indicator, and one back already beyond a second. */
const JUMP_TICKS = 10_000 * TICKS_PER_MS
/** A PCR in each PES packet of audio would take 8 of 184 bytes. */
const AUDIO_TICKS = 40 * TICKS_PER_MS

const NO_CLOCKS: readonly number[] = []

/**
 * Decides for each PES packet whether it carries a PCR and which PCRs go before it in packets of their own.
 */
export class PcrSchedule {
  /** PCRs that go before the PES packet, in ticks. */
  clocks: readonly number[]
  /** `ADAPTATION_*` of those packets. */
  clockFlags: number
  /** `ADAPTATION_*` of the PES packet's first TS packet: with PCR and discontinuity, or 0. */
  flags: number
  #last: number | undefined
  /**
   * Time of the other PID when the last PCR was written, or first after it: it shows how long the PID of the
   * PCR has been silent.
   */
  #other: number | undefined
  #discontinuity: boolean

  constructor() {
    this.clocks = NO_CLOCKS
    this.clockFlags = ADAPTATION_PCR
    this.flags = 0
    this.#last = undefined
    this.#other = undefined
    this.#discontinuity = false
  }

  /** The next PCR is marked as a jump. */
  discontinuity(): void {
    this.#discontinuity = true
  }

  /**
   * Decides for the next PES packet; the result is in the fields.
   * @param ticks - its PCR, not wrapped.
   * @param carriesClock - whether it is written on the PID of the PCR.
   * @param video - whether it is a video access unit.
   */
  plan(ticks: number, carriesClock: boolean, video: boolean): void {
    this.flags = 0
    this.clocks = NO_CLOCKS
    const last = this.#last
    if (!carriesClock && last !== undefined && !this.#discontinuity) {
      this.#bridge(ticks, last)
      return
    }
    const gap = last === undefined ? 0 : ticks - last
    if (gap < -BRIDGE_TICKS || gap > JUMP_TICKS) this.#discontinuity = true
    const fresh = last === undefined || this.#discontinuity || gap > BRIDGE_TICKS
    if (carriesClock) {
      if (!fresh && gap > MAX_GAP_TICKS) this.clocks = between(ticks - gap, gap)
      // A clock never goes back a little: audio that is late is not its fault.
      if (fresh || (gap > 0 && (video || gap >= AUDIO_TICKS))) {
        this.flags = this.#take(ticks)
      }
    } else {
      this.clocks = [ticks]
      this.clockFlags = this.#take(ticks)
      this.#other = ticks
    }
  }

  /**
   * A PES packet on another PID: the clock follows the time of that PID while its own is silent, even if the
   * two are far apart.
   */
  #bridge(ticks: number, last: number): void {
    const isNear = Math.abs(ticks - last) <= BRIDGE_TICKS
    const silence = ticks - (this.#other ??= isNear ? last : ticks)
    const clock = isNear ? ticks : last + silence
    const gap = clock - last
    if (silence < 0) this.#other = ticks
    if (silence < DUE_TICKS || gap < DUE_TICKS) return
    const isPause = gap > BRIDGE_TICKS
    this.clocks = isPause ? [clock] : [...between(last, gap), clock]
    this.clockFlags = this.#take(clock)
    this.#other = ticks
  }

  #take(ticks: number): number {
    const flags = this.#discontinuity ? ADAPTATION_PCR | ADAPTATION_DISCONTINUITY : ADAPTATION_PCR
    this.#last = ticks
    this.#other = undefined
    this.#discontinuity = false
    return flags
  }
}

/** Evenly spaced clocks inside a gap, so that no step is above 100 ms. */
function between(last: number, gap: number): readonly number[] {
  const steps = Math.ceil(gap / MAX_GAP_TICKS)
  if (steps <= 1) return NO_CLOCKS
  const clocks: number[] = []
  for (let i = 1; i < steps; i++) clocks.push(last + Math.round((gap * i) / steps))
  return clocks
}
