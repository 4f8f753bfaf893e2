/**
 * Those who look at pictures: they ask again and again, and hold no connection.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { type Clock, type Playback, setDeadline, type Source, type Timer } from '../../hub/index.ts'
import type { HttpRequestFacts } from '../../node/http/index.ts'

/** Whoever goes on asking is admitted anew after that, for admission may have changed its mind. */
const MAX_ADMISSION_MS = 600_000

/** One of them, let in. */
interface Viewer {
  readonly playback: Playback
  readonly sinceMs: number
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
    if (viewer.playback.source.closed || nowMs - viewer.sinceMs >= MAX_ADMISSION_MS) {
      this.#end(key, viewer)
      return undefined
    }
    viewer.lastRequestMs = nowMs
    this.#viewers.delete(key)
    this.#viewers.set(key, viewer)
    return viewer.playback.source
  }

  /** The viewer behind `key` was let in. Ends `playback`. */
  add(key: string, playback: Playback): void {
    // Of two requests at once, both admitted, the second takes over from the first.
    const before = this.#viewers.get(key)
    if (before !== undefined) this.#end(key, before)
    const nowMs = this.#clock.now()
    this.#viewers.set(key, { playback, sinceMs: nowMs, lastRequestMs: nowMs })
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
    viewer.playback.end()
  }
}

/** The same for requests that admission cannot tell apart, but for a parameter `at` by which pages get by a cache. */
export function viewerKey({ path, query, remoteAddress, secure, headers }: HttpRequestFacts): string {
  const parameters = Object.entries(query).filter(([name]) => name !== 'at')
  const identity = JSON.stringify([path, parameters, remoteAddress, secure, headers])
  return createHash('sha256').update(identity).digest('base64')
}
