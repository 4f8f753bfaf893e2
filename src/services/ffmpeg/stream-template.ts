/**
 * Names of streams that are made from other streams.
 *
 * @module
 */

import { splitStreamPath, type StreamPath } from '../../hub/index.ts'

/** Which streams are meant: `live/show`, or with `*` for any characters `live/*`. */
export class StreamPattern {
  readonly #text: string
  readonly #expression: RegExp

  /** @param text - without a leading slash. */
  constructor(text: string) {
    this.#text = text
    this.#expression = new RegExp(
      `^/${text.replaceAll(/[.*+?^${}()|[\]\\]/g, (c) => (c === '*' ? '.*' : `\\${c}`))}$`,
      's',
    )
  }

  /** Whether `streamPath` (`/app/name`) is meant. */
  matches(streamPath: string): boolean {
    return this.#expression.test(streamPath)
  }

  /** The one stream path that is meant, or `undefined` when there are more. */
  get only(): string | undefined {
    return this.#text.includes('*') ? undefined : `/${this.#text}`
  }

  /** Whether streams of `app` can be meant; rather yes than no. */
  mayMatchApp(app: string): boolean {
    const start = `/${this.#text.replace(/\*.*$/s, '')}`
    return `/${app}/`.startsWith(start) || start.startsWith(`/${app}/`)
  }
}

/** `[app]/[stream]_720p`, or `[stream]_720p` for the same app. */
export class StreamTemplate {
  /** As it was given, with its app. */
  readonly text: string
  readonly #app: string
  readonly #name: string

  /**
   * @param text - `[app]` and `[stream]` stand for those of the original.
   * @throws TypeError for other variables and empty parts.
   */
  constructor(text: string) {
    const slash = text.lastIndexOf('/')
    this.#app = slash < 0 ? '[app]' : text.slice(0, slash)
    this.#name = text.slice(slash + 1)
    this.text = `${this.#app}/${this.#name}`
    const unknown = text.replaceAll(/\[(?:app|stream)\]/g, 'x')
    if (/[[\]]/.test(unknown)) throw new TypeError(`${text}: only [app] and [stream] are known`)
    if (`/${unknown}/`.includes('//')) throw new TypeError(`${text} is not a valid stream name`)
  }

  /** The stream path that is made from `streamPath`. */
  expand(streamPath: string): StreamPath {
    const { app, streamName } = splitStreamPath(streamPath)
    const fill = (_: string, name: string): string => (name === 'app' ? app : streamName)
    return `/${this.text.replaceAll(/\[(app|stream)\]/g, fill)}`
  }

  /**
   * Why a stream that `pattern` means could be made from itself, or several from one name; `undefined` when
   * neither can be. A name that is longer than that of its original is another one.
   */
  conflictWith(pattern: StreamPattern): string | undefined {
    const { only } = pattern
    if (only !== undefined) return this.expand(only) === only ? 'its output is its own input' : undefined
    if (!this.#name.includes('[stream]')) return 'all streams would have the same output: [stream] is missing'
    if (this.#name !== '[stream]' || (this.#app !== '[app]' && this.#app.includes('[app]'))) return undefined
    const isOwn = this.#app === '[app]' || this.#app.includes('[stream]') || pattern.mayMatchApp(this.#app)
    return isOwn ? 'its output would be its own input' : undefined
  }
}
