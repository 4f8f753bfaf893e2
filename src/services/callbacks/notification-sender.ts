/**
 * Delivers notifications to backends: in order, again when it fails, and never in anybody's way.
 *
 * @module
 */
import { type Clock, setDeadline } from '../../hub/index.ts'
import { sleep } from '../../hub/internal.ts'
import { Backoff } from '../backoff.ts'
import { ConcurrencyLimit } from '../concurrency-limit.ts'
import { withAnswerLimit } from './answer-limit.ts'
import { isDelivered, isTransient, statusError } from './callback-answer.ts'
import type { CallbackClient } from './callback-client.ts'
import type { CallbackFailure, TellingAction } from './callback-options.ts'
import type { CallbackCall } from './callback-request.ts'
import { NotificationQueue, type NotificationQueueBounds } from './notification-queue.ts'

/** Longest wait between two attempts, ms. */
const MAX_RETRY_DELAY_MS = 30_000

/** How notifications are delivered. */
export interface NotificationSenderOptions extends NotificationQueueBounds {
  /** Time for one attempt, ms. */
  readonly notificationTimeoutMs: number
  /** Attempts, the first included. */
  readonly maxAttempts: number
  /** Longest wait before the second attempt, ms. */
  readonly retryDelayMs: number
  /** Deliveries at the same time. */
  readonly maxConcurrentNotifications: number
  /** Time and timers. */
  readonly clock: Clock
}

/** Hears of what went wrong. */
export interface NotificationListener {
  /** An attempt failed. */
  failed(failure: CallbackFailure): void
  /** There was no room. */
  dropped(action: TellingAction, url: string): void
}

/** Notifications of one service. */
export class NotificationSender {
  readonly #options: NotificationSenderOptions
  readonly #client: CallbackClient
  readonly #listener: NotificationListener
  readonly #sending: ConcurrencyLimit
  readonly #queue: NotificationQueue
  #delivered: number
  #lost: number
  /** Aborted when nothing is tried again. */
  readonly #closing: AbortController
  /** Aborted when the time to drain is over. */
  readonly #stopped: AbortController
  #closed: boolean

  /** Delivers by `client`. */
  constructor(options: NotificationSenderOptions, client: CallbackClient, listener: NotificationListener) {
    this.#options = options
    this.#client = client
    this.#listener = listener
    // How many may wait is the queue's business.
    this.#sending = new ConcurrencyLimit(options.maxConcurrentNotifications)
    this.#queue = new NotificationQueue(options)
    this.#delivered = 0
    this.#lost = 0
    this.#closing = new AbortController()
    this.#stopped = new AbortController()
    this.#closed = false
  }

  /** Notifications that are not delivered yet. */
  get queued(): number {
    return this.#queue.size
  }

  /** Notifications that arrived. */
  get delivered(): number {
    return this.#delivered
  }

  /** Notifications that were given up or dropped. */
  get lost(): number {
    return this.#lost
  }

  /** Delivers `call` behind what waits in `lanes`. */
  tell(action: TellingAction, call: CallbackCall, lanes: readonly string[]): void {
    if (!this.#closed && this.#queue.push(lanes, () => this.#deliver(action, call))) return
    this.#lost++
    this.#listener.dropped(action, call.url)
  }

  /** Whether a notification waits in any of `lanes`. */
  has(lanes: readonly string[]): boolean {
    return this.#queue.has(lanes)
  }

  /** Settles when what waits in `lanes` now is delivered or given up. */
  settled(lanes: readonly string[]): Promise<void> {
    return this.#queue.settled(lanes)
  }

  /**
   * Gives what waits one last attempt, aborts what takes longer than `drainTimeoutMs`, and takes no notifications from then on.
   * @param last - settles when all notifications are here.
   */
  async close(drainTimeoutMs: number, reason: Error, last: Promise<unknown>): Promise<void> {
    this.#closing.abort()
    const drain = setDeadline(this.#options.clock, () => this.#stopped.abort(reason), drainTimeoutMs)
    await last
    await this.#queue.idle()
    drain.cancel()
    this.#closed = true
  }

  /** Attempts until it is delivered or given up. Never rejects. */
  async #deliver(action: TellingAction, call: CallbackCall): Promise<void> {
    const { maxAttempts, retryDelayMs, clock } = this.#options
    const closing = this.#closing.signal
    const backoff = new Backoff({
      minMs: Math.min(retryDelayMs, MAX_RETRY_DELAY_MS),
      maxMs: MAX_RETRY_DELAY_MS,
    })
    for (let attempt = 1; ; attempt++) {
      const { error, again } = await this.#attempt(call)
      if (error === undefined) {
        this.#delivered++
        return
      }
      const final = !again || attempt >= maxAttempts || closing.aborted
      this.#listener.failed({ action, url: call.url, error, attempt, final })
      if (final) {
        this.#lost++
        return
      }
      await sleep(clock, backoff.nextMs(), closing)
    }
  }

  async #attempt(call: CallbackCall): Promise<{ readonly error?: Error; readonly again: boolean }> {
    const { clock, notificationTimeoutMs } = this.#options
    const stopped = this.#stopped.signal
    const send = (limit: AbortSignal): ReturnType<CallbackClient['send']> => this.#client.send(call, limit)
    try {
      const response = await this.#sending.run(
        () => withAnswerLimit(clock, notificationTimeoutMs, stopped, send),
        stopped,
      )
      if (isDelivered(response)) return { again: false }
      return { error: statusError(response.status), again: isTransient(response.status) }
    } catch (error) {
      return { error: error as Error, again: true }
    }
  }
}
