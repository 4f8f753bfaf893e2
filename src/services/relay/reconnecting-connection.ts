/**
 * A connection that is made again when it ends, later each time.
 *
 * @module
 */
import createDebug from 'debug'
import { MediaError } from '../../errors/index.ts'
import { Announcer, type AnnouncerEvents, type Clock } from '../../hub/index.ts'
import { maskUrl, redact } from '../../node/index.ts'
import { sleep } from '../../hub/internal.ts'
import { Backoff } from '../backoff.ts'

const debug = createDebug('millrace:forward')

/** When a connection is tried again. */
export interface RetryOptions {
  /** Wait before the second attempt, ms; it doubles each time. @defaultValue 1000 */
  readonly minMs?: number | undefined
  /** Longest wait, ms. @defaultValue 30000 */
  readonly maxMs?: number | undefined
  /** Share of each wait, 0 to 1, that is taken away at random, so that all do not come back at once. @defaultValue 0.5 */
  readonly jitter?: number | undefined
  /** How long a connection must have held for the waits to begin anew, ms. @defaultValue 10000 */
  readonly heldMs?: number | undefined
}

/** Options of every {@link ReconnectingConnection}. */
export interface ReconnectingConnectionOptions {
  /** When it is tried again. It never gives up by itself: a target that refuses today takes the stream when its old connection has timed out. */
  readonly retry?: RetryOptions
  /** Ends it when aborted, like {@link ReconnectingConnection.close}. */
  readonly signal?: AbortSignal
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
  /** Gives numbers in [0, 1) for the jitter, for tests. @defaultValue `Math.random` */
  readonly random?: () => number
}

/**
 * What it does: `idle` waits for a stream to carry, `connecting` for the other side, `connected` carries it, `waiting` lets time pass before
 * the next attempt, `closed` is over.
 */
export type ReconnectingConnectionState = 'idle' | 'connecting' | 'connected' | 'waiting' | 'closed'

/** Why a connection failed or ended, without anything that is secret. */
export interface ConnectionFailure {
  /** An `ERR_…` code, the system's (`ECONNREFUSED`), or `''`. */
  readonly code: string
  /** In words; stream keys, queries, users and passwords are `***`. */
  readonly message: string
}

/** Facts that a {@link ReconnectingConnection} announces. */
export interface ReconnectingConnectionEvents extends AnnouncerEvents {
  /** The other side takes or gives the stream. */
  connect: () => void
  /** An attempt failed, or the connection ended; the next attempt comes in `retryMs`. */
  lost: (failure: ConnectionFailure, retryMs: number) => void
  /** It is over. */
  close: () => void
}

/** Counters and facts of every {@link ReconnectingConnection}. */
export interface ReconnectingConnectionStats {
  /** The other side, as {@link maskUrl} shows it. */
  readonly url: string
  /** What it does. */
  readonly state: ReconnectingConnectionState
  /** How long it has been in that state, ms. */
  readonly stateMs: number
  /** Attempts to connect. */
  readonly attempts: number
  /** Attempts that succeeded. */
  readonly connects: number
  /** Why the last one failed or ended; `undefined` before, and while connected. */
  readonly failure: ConnectionFailure | undefined
}

/** Options with their defaults. */
interface ResolvedOptions {
  readonly retry: { readonly [Option in keyof RetryOptions]-?: number }
  readonly signal?: AbortSignal | undefined
  readonly clock: Clock
  readonly random: () => number
}

/** Base of {@link StreamPush} and {@link StreamPull}. Begins by itself, never rejects and never throws. */
export abstract class ReconnectingConnection extends Announcer<ReconnectingConnectionEvents> {
  /** Settles when it is over and its connection is closed. Never rejects. */
  readonly closed: Promise<void>
  /** @internal With everything that is secret. */
  protected readonly secretUrl: string
  /** @internal */
  protected readonly clock: Clock
  readonly #backoff: Backoff
  readonly #heldMs: number
  readonly #abort: AbortController
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: () => void
  #resolveClosed!: () => void
  #state: ReconnectingConnectionState
  #stateSinceMs: number
  #attempts: number
  #connects: number
  #failure: ConnectionFailure | undefined

  /** @internal */
  protected constructor(secretUrl: string, options: ResolvedOptions) {
    super()
    const { clock, retry, signal, random } = options
    const { minMs, maxMs, jitter, heldMs } = retry
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.secretUrl = secretUrl
    this.clock = clock
    this.#backoff = new Backoff({ minMs, maxMs, jitter, random })
    this.#heldMs = heldMs
    this.#abort = new AbortController()
    this.#signal = signal
    this.#onAbort = () => void this.close()
    this.#state = 'idle'
    this.#stateSinceMs = clock.now()
    this.#attempts = 0
    this.#connects = 0
    this.#failure = undefined
  }

  /** The other side, as {@link maskUrl} shows it. */
  get url(): string {
    return maskUrl(this.secretUrl)
  }

  /** What it does now. */
  get state(): ReconnectingConnectionState {
    return this.#state
  }

  /** Ends it. Resolves when its connection is closed. Harmless when repeated. */
  async close(): Promise<void> {
    this.#abort.abort()
    await this.closed
  }

  /** {@inheritDoc ReconnectingConnection.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Counters, made when asked. */
  protected connectionStats(): ReconnectingConnectionStats {
    return {
      url: this.url,
      state: this.#state,
      stateMs: Math.round(this.clock.now() - this.#stateSinceMs),
      attempts: this.#attempts,
      connects: this.#connects,
      failure: this.#failure,
    }
  }

  /** There will never be anything to carry again. @internal */
  protected abstract get isOver(): boolean

  /** Waits until there is something to carry. @returns `false` when there will be nothing any more. @internal */
  protected abstract whenWanted(signal: AbortSignal): Promise<boolean>

  /** Connects, calls `connected` when the stream flows, and carries it until the connection is over or `signal` aborts. @internal */
  protected abstract carry(signal: AbortSignal, connected: () => void): Promise<void>

  /** Gives up what it holds. @internal */
  protected abstract release(): void

  /** For the end of a constructor. @internal */
  protected begin(): void {
    if (this.#signal?.aborted === true) this.#abort.abort()
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
    void this.#run()
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    for (;;) {
      this.#enter('idle')
      if (signal.aborted || !(await this.whenWanted(signal)) || signal.aborted) break
      const failure = await this.#attempt(signal)
      if (signal.aborted || this.isOver) break
      const retryMs = this.#backoff.nextMs()
      this.#failure = failure
      this.#enter('waiting')
      debug('%s: %s, again in %d ms', this.url, failure.message, retryMs)
      this.emit('lost', failure, retryMs)
      await sleep(this.clock, retryMs, signal)
    }
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.release()
    this.#enter('closed')
    this.emit('close')
    this.removeAllListeners()
    this.#resolveClosed()
  }

  async #attempt(signal: AbortSignal): Promise<ConnectionFailure> {
    this.#enter('connecting')
    this.#attempts++
    let connectedMs: number | undefined
    try {
      await this.carry(signal, () => {
        connectedMs = this.clock.now()
        this.#connects++
        this.#failure = undefined
        this.#enter('connected')
        this.emit('connect')
      })
      return { code: '', message: 'the connection ended' }
    } catch (error) {
      return this.#failureOf(error)
    } finally {
      if (connectedMs !== undefined && this.clock.now() - connectedMs >= this.#heldMs) this.#backoff.reset()
    }
  }

  #failureOf(error: unknown): ConnectionFailure {
    const text = error instanceof Error ? error.message : String(error)
    const code = error instanceof MediaError ? error.code : (error as NodeJS.ErrnoException).code
    return { code: typeof code === 'string' ? code : '', message: redact(text, this.secretUrl) }
  }

  #enter(state: ReconnectingConnectionState): void {
    if (state === this.#state) return
    this.#state = state
    this.#stateSinceMs = this.clock.now()
  }
}
