/**
 * How long a backend may take to answer.
 *
 * @module
 */
import { LimitError } from '../../errors/index.ts'
import { type Clock, setDeadline } from '../../hub/index.ts'

/**
 * Runs `ask` with a signal that aborts with `ERR_CALLBACK_TIMEOUT` after `timeoutMs`, and together with `closing`. Settles as `ask` does.
 */
export async function withAnswerLimit<Result>(
  clock: Clock,
  timeoutMs: number,
  closing: AbortSignal,
  ask: (limit: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = new AbortController()
  const close = (): void => limit.abort(closing.reason)
  if (closing.aborted) close()
  closing.addEventListener('abort', close, { once: true })
  const expire = (): void =>
    limit.abort(new LimitError('ERR_CALLBACK_TIMEOUT', `no answer within ${timeoutMs} ms`))
  const timer = setDeadline(clock, expire, timeoutMs)
  try {
    return await ask(limit.signal)
  } finally {
    timer.cancel()
    closing.removeEventListener('abort', close)
  }
}
