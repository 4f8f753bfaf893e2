/**
 * What plain JavaScript may answer to `connect`.
 *
 * @module
 */
import { reject } from '../../hub/index.ts'
import type { RtmpConnectDecision } from './rtmp-admission.ts'

/**
 * `answer` in its long form. Plain JavaScript can answer anything: what is no decision must not let anybody in.
 * @throws TypeError for what is none.
 */
export function checkedConnect(answer: RtmpConnectDecision | boolean): RtmpConnectDecision {
  if (typeof answer === 'boolean') return answer ? { type: 'accept' } : reject('not allowed')
  if (typeof answer !== 'object' || answer === null) {
    throw new TypeError(
      `onConnect answered ${answer === undefined ? 'with nothing: return a decision or true' : `with ${String(answer)}`}`,
    )
  }
  const isOne =
    answer.type === 'accept' ||
    (answer.type === 'reject' && typeof answer.reason === 'string') ||
    (answer.type === 'redirect' && typeof answer.url === 'string')
  if (isOne) return answer
  throw new TypeError(`onConnect decided ${String(answer.type)}, or gave no text with it`)
}
