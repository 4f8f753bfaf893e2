/**
 * A limit on how long something may take.
 *
 * @module
 */
import { type Clock, setDeadline, type Timer } from '../hub/index.ts'

/**
 * Settles as `operation` does, but rejects with `late()` if that takes longer than `timeoutMs`. The operation itself continues.
 * @param late - called once, when the time is up.
 */
export async function inTime<Result>(
  operation: Promise<Result>,
  clock: Clock,
  timeoutMs: number,
  late: () => Error,
): Promise<Result> {
  let timer: Timer | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setDeadline(clock, () => reject(late()), timeoutMs)
  })
  try {
    return await Promise.race([operation, timeout])
  } finally {
    timer?.cancel()
  }
}
