/**
 * Those who look at pictures: they ask again and again, and hold no connection.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { type AccessAccept, type Clock, setDeadline, type Source, type Timer } from '../../hub/index.ts'
import type { HttpRequestFacts } from '../../node/http/index.ts'

/** Whoever goes on asking is admitted anew after that, for admission may have changed its mind. */
const MAX_ADMISSION_MS = 600_000

/** One of them, let in. */
interface Viewer {
  readonly source: Source
  readonly sinceMs: number
  readonly end: () => void
  lastRequestMs: number
}

/** Viewers of one handler that were let in, bounded in number, forgotten when they stop asking. */
export class SnapshotViewers {
  readonly #viewers: Map<string, Viewer>
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #maxViewers: number
  #timer: Timer | undefined

  constructor(clock: Clock, timeoutMs: number, maxViewers: number) {
    this.#viewers = new Map()
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#maxViewers = maxViewers
    this.#timer = undefined
  }

  /** What the viewer behind `key` was let in to, if that is still good. */
  touch(key: string): Source | undefined {
    const viewer = this.#viewers.get(key)
    if (viewer === undefined) return undefined
    const nowMs = this.#clock.now()
    if (viewer.source.closed || nowMs - viewer.sinceMs >= MAX_ADMISSION_MS) {
      this.#end(key, viewer)
      return undefined
    }
    viewer.lastRequestMs = nowMs
    this.#viewers.delete(key)
    this.#viewers.set(key, viewer)
    return viewer.source
  }

  /** The viewer behind `key` was let in to `source`. Takes over the end of `decision`. */
  add(key: string, source: Source, decision: AccessAccept): void {
    // Of two requests at once, both admitted, the second takes over from the first.
    const before = this.#viewers.get(key)
    if (before !== undefined) this.#end(key, before)
    const nowMs = this.#clock.now()
    const end = (): void => decision.onEnd?.()
    this.#viewers.set(key, { source, sinceMs: nowMs, end, lastRequestMs: nowMs })
    const [oldest] = this.#viewers
    if (this.#viewers.size > this.#maxViewers) this.#end(...oldest!)
    this.#timer ??= setDeadline(this.#clock, () => this.#expire(), this.#timeoutMs)
  }

  /** Forgets all of them. */
  clear(): void {
    for (const [key, viewer] of this.#viewers) this.#end(key, viewer)
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** In the order of their last requests. */
  #expire(): void {
    this.#timer = undefined
    const nowMs = this.#clock.now()
    for (const [key, viewer] of this.#viewers) {
      const leftMs = viewer.lastRequestMs + this.#timeoutMs - nowMs
      if (leftMs > 0) {
        this.#timer = setDeadline(this.#clock, () => this.#expire(), leftMs)
        return
      }
      this.#end(key, viewer)
    }
  }

  #end(key: string, viewer: Viewer): void {
    this.#viewers.delete(key)
    viewer.end()
  }
}

/** The same for requests that admission cannot tell apart, but for a parameter `at` by which pages get by a cache. */
export function viewerKey({ path, query, remoteAddress, secure, headers }: HttpRequestFacts): string {
  const parameters = Object.entries(query).filter(([name]) => name !== 'at')
  const identity = JSON.stringify([path, parameters, remoteAddress, secure, headers])
  return createHash('sha256').update(identity).digest('base64')
}
