/**
 * What {@link ExecHooks} take.
 *
 * @module
 */
import type { Clock, Hub } from '../../hub/index.ts'
import type { RestartOptions } from './restart-options.ts'

/** A program that runs for streams. */
export interface ExecHook {
  /** Its name: letters, digits, `_` and `-`. */
  readonly name: string
  /** While a stream is published, or once when its publisher has left. */
  readonly on: 'publish' | 'unpublish'
  /** Streams it runs for: `live/show`, or with `*` for any characters `live/*`. @defaultValue '*' */
  readonly match?: string | readonly string[] | undefined
  /**
   * The program and its arguments, which no shell sees. `[vhost]` `[app]` `[stream]` `[param]` `[tcUrl]`
   * `[url]` `[pageUrl]` `[swfUrl]` `[clientId]` `[ip]` are filled in, percent-encoded as in a URL; as they
   * came they are in the environment, as `MILLRACE_STREAM` …
   */
  readonly command: readonly string[]
  /** Folder it runs in. @defaultValue that of this process */
  readonly cwd?: string | undefined
  /**
   * When one for `publish` is started again: whenever it ends, when it fails, or never.
   * @defaultValue 'always'
   */
  readonly restart?: 'always' | 'on-failure' | 'never' | undefined
  /** How long a program for `unpublish` may take, ms. @defaultValue 60000 */
  readonly hookTimeoutMs?: number | undefined
}

/** Options of {@link ExecHooks}. */
export interface ExecHooksOptions extends RestartOptions {
  /** Whose streams. */
  readonly hub: Hub
  /** What runs for them. */
  readonly hooks: readonly ExecHook[]
  /** For `[vhost]`. @defaultValue '__defaultVhost__' */
  readonly vhost?: string
  /** Programs that run at a time; further streams get none. @defaultValue 64 */
  readonly maxWorkers?: number
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
}
