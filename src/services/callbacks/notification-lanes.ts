/**
 * Which notification waits for which. A backend has one URL or one for each kind of notification: what counts is the server behind them.
 *
 * @module
 */
import type { TellingAction } from './callback-options.ts'

/** URLs of all news. */
type NotificationUrls = Readonly<Record<TellingAction, readonly string[]>>

/**
 * Names the lanes of a {@link NotificationQueue}. Each backend hears of one client or stream in order, and one that is slow keeps no other waiting,
 * unless the other is the only one to hear what comes next: the end of a connection follows the end of its stream, whoever is told of either.
 */
export class NotificationLanes {
  readonly #urls: NotificationUrls
  readonly #backends: readonly string[]

  /** @param urls - whom all notifications go to. */
  constructor(urls: NotificationUrls) {
    this.#urls = urls
    this.#backends = [...new Set(Object.values(urls).flat().map(backendOf))]
  }

  /**
   * The lanes of one call.
   * @param subjects - whom or what it is about.
   */
  of(action: TellingAction, url: string, subjects: readonly string[]): string[] {
    const told = new Set(this.#urls[action].map(backendOf))
    const own = backendOf(url)
    const backends = this.#backends.filter((backend) => backend === own || !told.has(backend))
    return backends.flatMap((backend) => subjects.map((subject) => `${backend} ${subject}`))
  }

  /** The lanes of all calls for one notification. */
  ofAll(action: TellingAction, subjects: readonly string[]): string[] {
    return this.#urls[action].flatMap((url) => this.of(action, url, subjects))
  }
}

function backendOf(url: string): string {
  return new URL(url).origin
}
