/**
 * Procedures of a server that were called, until their answers come.
 *
 * @module
 */
import { type Amf0Value, propertiesOf } from '../../amf0/index.ts'
import { LimitError, ProtocolError } from '../../errors/index.ts'
import { type Clock, setDeadline, type Timer } from '../../hub/index.ts'
import type { RtmpReplyEvent } from '../../rtmp/index.ts'

interface Waiting {
  readonly name: string
  readonly timer: Timer | undefined
  readonly resolve: (values: readonly Amf0Value[]) => void
  readonly reject: (error: Error) => void
}

/** The calls of one client. */
export class RtmpCalls {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #waiting: Map<number, Waiting>

  /** @param timeoutMs - time for each answer, 0: any. */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#waiting = new Map()
  }

  /** The answer to a call that is sent. */
  answerTo(transactionId: number, name: string): Promise<readonly Amf0Value[]> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.delete(transactionId)
        reject(
          new LimitError('ERR_RTMP_COMMAND_TIMEOUT', `no answer to ${name} within ${this.#timeoutMs} ms`),
        )
      }
      const timer = this.#timeoutMs > 0 ? setDeadline(this.#clock, giveUp, this.#timeoutMs) : undefined
      this.#waiting.set(transactionId, { name, timer, resolve, reject })
    })
  }

  /** An answer came. @returns whether it was waited for. */
  settle(reply: RtmpReplyEvent): boolean {
    const waiting = this.#waiting.get(reply.transactionId)
    if (waiting === undefined) return false
    this.#waiting.delete(reply.transactionId)
    waiting.timer?.cancel()
    if (reply.isError) waiting.reject(failureOf(waiting.name, reply))
    else waiting.resolve(reply.values)
    return true
  }

  /** No answer will come. */
  end(reason: string): void {
    for (const { name, timer, reject } of this.#waiting.values()) {
      timer?.cancel()
      reject(new ProtocolError('ERR_RTMP_ENDED', `no answer to ${name}: ${reason}`))
    }
    this.#waiting.clear()
  }
}

function failureOf(name: string, reply: RtmpReplyEvent): ProtocolError {
  const information = reply.values.map((value) => propertiesOf(value)).find((found) => found !== undefined)
  const words = [information?.['code'], information?.['description']].filter(
    (text) => typeof text === 'string',
  )
  const reason = words.length === 0 ? 'the server gives no reason' : words.join(': ')
  return new ProtocolError('ERR_RTMP_CALL_FAILED', `${name}: ${reason}`, { cause: reply })
}
