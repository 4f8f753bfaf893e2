/**
 * Applies a changed configuration to a server that runs.
 *
 * @module
 */
import { unwatchFile, watchFile } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { type Certificates, TLS_SECTIONS, tlsOf } from './certificates.ts'
import { type Config, serverSections } from './config/config.schema.ts'
import { filesOf } from './config/config.ts'
import type { EventFields, EventLog } from './event-log.ts'
import type { Vhosts } from './vhosts.ts'

/** What only a start can change: all but virtual hosts and certificates. */
const FIXED = Object.keys(serverSections) as (keyof typeof serverSections)[]

/** How often the file is looked at, ms. Looking works on every file system, and for links that are put elsewhere. */
const WATCH_INTERVAL_MS = 1_000

/** What a {@link Reloader} works with. */
export interface ReloaderOptions {
  /** What is in force. */
  readonly config: Config
  /** What it is applied to. */
  readonly vhosts: Vhosts
  /** Which are read again as well. */
  readonly certificates: Certificates
  /** Where changes and faults are told. */
  readonly log: EventLog
  /** Reads the configuration. @throws an error in words for its author. */
  readonly load: () => Config
}

/** Reads the configuration again, one time after the other. */
export class Reloader {
  readonly #options: ReloaderOptions
  #last: Promise<unknown>
  #closed: boolean

  constructor(options: ReloaderOptions) {
    this.#options = options
    this.#last = Promise.resolve()
    this.#closed = false
  }

  /** Rejects, and has changed nothing, when the file is wrong. */
  reload(): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the server is closing'))
    const next = this.#last.then(() => this.#reload())
    this.#last = next.catch(() => undefined)
    return next
  }

  /** Reloads no more; resolves when one that is under way is over. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#last
  }

  async #reload(): Promise<void> {
    const { config: started, vhosts, certificates, log, load } = this.#options
    try {
      const config = load()
      const renew = certificates.read(config)
      const { added, changed, removed } = await vhosts.apply(config)
      renew()
      const told = Object.entries({ added, changed, removed }).filter(([, names]) => names.length > 0)
      const text = told.map(([what, names]) => `${what} ${names.join(', ')}`).join('; ')
      log.event(
        'reload',
        namesOf({ added, changed, removed }),
        `reload: ${text || 'no virtual host has changed'}`,
      )
      const [before, now] = [withoutFiles(started), withoutFiles(config)]
      const late = FIXED.filter((section) => !isDeepStrictEqual(before[section], now[section]))
      if (late.length > 0)
        log.event(
          'reload-later',
          namesOf({ sections: late }),
          `reload: ${late.join(', ')} will change at the next start`,
        )
    } catch (error) {
      for (const fault of (error as Error).message.split('\n'))
        log.event('reload-failed', { fault }, `reload failed: ${fault}`)
      throw error
    }
  }
}

/** A port that speaks TLS stays one; where its certificate is may change. */
function withoutFiles(config: Config): Config {
  const sections = TLS_SECTIONS.filter((section) => tlsOf(config, section) !== undefined)
  return {
    ...config,
    ...Object.fromEntries(sections.map((section) => [section, { ...config[section], tls: true }])),
  }
}

/** Lists as a line of the log has them. */
function namesOf(lists: Readonly<Record<string, readonly string[]>>): EventFields {
  return Object.fromEntries(Object.entries(lists).map(([what, names]) => [what, names.join(' ')]))
}

/**
 * Calls `changed` whenever the file at `path`, or one that it includes, has changed.
 * @param intervalMs - how often they are looked at.
 * @returns ends it.
 */
export function watchConfig(path: string, changed: () => void, intervalMs = WATCH_INTERVAL_MS): () => void {
  let watched: readonly string[] = []
  const watch = (files: readonly string[]): void => {
    for (const file of watched) if (!files.includes(file)) unwatchFile(file, onStat)
    for (const file of files) {
      if (!watched.includes(file)) watchFile(file, { interval: intervalMs, persistent: false }, onStat)
    }
    watched = files
  }
  const onStat = (now: { mtimeMs: number; ino: number }, before: { mtimeMs: number; ino: number }): void => {
    if (now.mtimeMs === before.mtimeMs && now.ino === before.ino) return
    watch(filesOr(path, watched))
    changed()
  }
  watch(filesOr(path, [path]))
  return () => watch([])
}

/** `otherwise` for files that cannot be read: one of them is about to be put right. */
function filesOr(path: string, otherwise: readonly string[]): readonly string[] {
  try {
    return filesOf(path)
  } catch {
    return otherwise
  }
}
