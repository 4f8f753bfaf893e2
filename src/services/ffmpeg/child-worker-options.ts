/**
 * Options and events of a {@link ChildWorker}.
 *
 * @module
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import type { Clock } from '../../hub/index.ts'
import type { FfmpegProgress } from './ffmpeg-progress.ts'
import type { RestartOptions } from './restart-options.ts'

/** One run of a program. */
export interface WorkerRun {
  /** The program: a path, or a name that is looked for in `PATH`. */
  readonly command: string
  /** Its arguments; no shell sees them. */
  readonly args: readonly string[]
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Folder it runs in. */
  readonly cwd?: string | undefined
  /** Whether its standard input is a pipe. Otherwise it has none. */
  readonly input?: boolean
  /**
   * What comes on standard output: reports of `-progress pipe:1`, lines for the log, or something that
   * `attach` reads.
   */
  readonly output: 'progress' | 'log' | 'pipe'
  /** How many more pipes it gets, from file descriptor 3 on. */
  readonly pipes?: number
  /**
   * Connects the pipes, once the program runs.
   * @returns called once when it has ended and its output has been read.
   */
  attach?(child: ChildProcess): () => void
  /**
   * It will not run, or could not be started: lets go of what `prepare` has made for it. `attach` is not
   * called then.
   */
  discard?(): void
}

/** What a {@link ChildWorker} does. */
export interface ChildWorkerOptions extends RestartOptions {
  /**
   * Returns the command to run; called before each start. `undefined`: there is nothing to do. A rejection
   * counts as a failed run.
   */
  readonly prepare: (signal: AbortSignal) => Promise<WorkerRun | undefined> | WorkerRun | undefined
  /** When it is started again: whenever it ends, when it ends with an error, or never. */
  readonly restart: 'always' | 'on-failure' | 'never'
  /** A run in which {@link ChildWorker.touch} was not called for so long is ended, ms. @defaultValue none */
  readonly stallMs?: number | undefined
  /** Asked then: whether nothing is to be expected of it. @defaultValue something is, always */
  readonly isIdle?: () => boolean
  /** Texts that the log shows as `***`. @defaultValue none */
  readonly secrets?: readonly string[]
  /** Time and timers. @defaultValue the runtime's own */
  readonly clock?: Clock | undefined
  /** Starts the program. @defaultValue `spawn` of `node:child_process` */
  readonly spawn?: (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess
}

/**
 * What a worker is doing: nothing yet, starting, running, ending, waiting for its next start; its work is
 * done; it was given up.
 */
export type WorkerState = 'idle' | 'starting' | 'running' | 'stopping' | 'waiting' | 'ended' | 'failed'

/** How a run ended. */
export interface WorkerExit {
  /** In words: `exited with 1`, `killed by SIGKILL`, or why it was ended. */
  readonly reason: string
  /** Exit code, `null` after a signal or when it could not be started. */
  readonly code: number | null
  /** The signal that ended it, `null` if none did. */
  readonly signal: string | null
  /** How long it ran, ms. */
  readonly ranMs: number
}

/** What is to be known of a worker. */
export interface WorkerStats {
  /** What it is doing. */
  readonly state: WorkerState
  /** Process id, while it runs. */
  readonly pid: number | undefined
  /** Starts so far. */
  readonly starts: number
  /** How long this run lasts, ms; 0 when it does not run. */
  readonly runningMs: number
  /** Time to the next start, ms, while it waits for that. */
  readonly nextStartMs: number | undefined
  /** How far it is, when it reports. */
  readonly progress: FfmpegProgress | undefined
  /** How the last run ended; why it was given up. */
  readonly lastExit: WorkerExit | undefined
  /** The end of what it said: 20 lines of 500 characters, without passwords. */
  readonly log: readonly string[]
}
