/** The time of day minus the clock by which packets come, which nobody sets, in ms. */
export function wallOffsetMs(): number {
  return Date.now() - performance.now()
}
