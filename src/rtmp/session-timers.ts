/**
 * The timeouts of a session, fed with time from outside.
 *
 * @module
 */
import { LimitError, type ErrorCode } from '../errors/index.ts'

/** How long the present step of a session may take. */
export class StepTimer {
  #limitMs: number
  #sinceMs: number | undefined
  #code: ErrorCode
  #step: string

  constructor() {
    this.#limitMs = 0
    this.#sinceMs = undefined
    this.#code = 'ERR_RTMP_COMMAND_TIMEOUT'
    this.#step = ''
  }

  /**
   * Starts a step of `limitMs`, 0 for no limit. With `sinceMs` undefined (a decision, which carries no time)
   * the step starts at the next {@link StepTimer.expired}, and {@link StepTimer.dueMs} asks for that at once.
   */
  start(limitMs: number, code: ErrorCode, step: string, sinceMs: number | undefined): void {
    this.#limitMs = limitMs
    this.#code = code
    this.#step = step
    this.#sinceMs = sinceMs
  }

  /** No limit till the next start. */
  stop(): void {
    this.#limitMs = 0
  }

  /** The step makes progress: its limit counts from here. */
  touch(nowMs: number): void {
    this.#sinceMs = nowMs
  }

  /** When to call {@link StepTimer.expired}. */
  dueMs(nowMs: number): number | undefined {
    if (this.#limitMs === 0) return undefined
    return this.#sinceMs === undefined ? nowMs : this.#sinceMs + this.#limitMs
  }

  /** The error that ends the session when the step took too long. */
  expired(nowMs: number): LimitError | undefined {
    if (this.#limitMs === 0) return undefined
    this.#sinceMs ??= nowMs
    if (nowMs - this.#sinceMs < this.#limitMs) return undefined
    return new LimitError(this.#code, `${this.#step} within ${this.#limitMs} ms`)
  }
}

/** Pings a silent peer. Only one that has answered a ping before is held to answer the next. */
export class Keepalive {
  readonly #intervalMs: number
  readonly #timeoutMs: number
  #receivedMs: number
  #pingedMs: number | undefined
  #answers: boolean

  /**
   * @param intervalMs - silence before a ping, 0 for none.
   * @param timeoutMs - time for the answer, 0 for no limit.
   */
  constructor(intervalMs: number, timeoutMs: number, nowMs: number) {
    this.#intervalMs = intervalMs
    this.#timeoutMs = timeoutMs
    this.#receivedMs = nowMs
    this.#pingedMs = undefined
    this.#answers = false
  }

  /** Anything came from the peer. */
  received(nowMs: number): void {
    this.#receivedMs = nowMs
    this.#pingedMs = undefined
  }

  /** A ping response came. */
  answered(): void {
    this.#answers = true
  }

  /** When to call {@link Keepalive.check}. */
  dueMs(): number | undefined {
    if (this.#intervalMs === 0) return undefined
    if (this.#pingedMs === undefined) return this.#receivedMs + this.#intervalMs
    return this.#pingedMs + (this.#answers && this.#timeoutMs > 0 ? this.#timeoutMs : this.#intervalMs)
  }

  /** `'ping'` when one is to be sent, an error when the last one went unanswered. */
  check(nowMs: number): 'ping' | LimitError | undefined {
    const dueMs = this.dueMs()
    if (dueMs === undefined || nowMs < dueMs) return undefined
    if (this.#pingedMs !== undefined && this.#answers && this.#timeoutMs > 0) {
      return new LimitError('ERR_RTMP_PING_TIMEOUT', `no answer to a ping within ${this.#timeoutMs} ms`)
    }
    this.#pingedMs = nowMs
    return 'ping'
  }
}
