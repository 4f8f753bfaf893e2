/**
 * Which ffmpeg there is.
 *
 * @module
 */
import { execFile } from 'node:child_process'

/** An ffmpeg that can be run. */
export interface Ffmpeg {
  /** As it was asked for: a path, or a name in `PATH`. */
  readonly path: string
  /** What it calls itself: `5.1.9-0+deb12u1`, `N-113007-g8d24a28d06`. */
  readonly version: string
}

/** How long `-version` may take, ms. */
const TIMEOUT_MS = 10_000

/**
 * Runs `ffmpeg -version`. Call it at the start of a program, so that a missing ffmpeg is known before the
 * first stream comes.
 * @param path - the program. @defaultValue 'ffmpeg'
 * @throws Error that names the program and says why it cannot be run.
 */
export function findFfmpeg(path = 'ffmpeg'): Promise<Ffmpeg> {
  return new Promise((resolve, fail) => {
    execFile(path, ['-version'], { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' }, (error, stdout) => {
      const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1]
      if (version !== undefined) resolve({ path, version })
      else fail(new Error(`${path} is not a usable ffmpeg: ${reasonOf(error)}`, { cause: error }))
    })
  })
}

function reasonOf(error: (Error & { code?: unknown }) | null): string {
  if (error === null) return 'it does not say its version'
  return error.code === 'ENOENT' ? 'program not found' : error.message.split('\n')[0]!
}
