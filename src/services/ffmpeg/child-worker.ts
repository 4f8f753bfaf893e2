/**
 * A program that is kept running: started, watched, ended with everything it started, and started again.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import createDebug from 'debug'
import {
  Announcer,
  type AnnouncerEvents,
  type Clock,
  setDeadline,
  systemClock,
  type Timer,
} from '../../hub/index.ts'
import { Backoff } from '../backoff.ts'
import { childGuard } from './child-guard.ts'
import type {
  ChildWorkerOptions,
  WorkerExit,
  WorkerRun,
  WorkerState,
  WorkerStats,
} from './child-worker-options.ts'
import { ProgressReader } from './ffmpeg-progress.ts'
import { LogTail } from './log-tail.ts'
import { RESTART_DEFAULTS, type RestartOptions } from './restart-options.ts'

const debug = createDebug('millrace:ffmpeg')

/** How long output may stay open after its program has ended, ms: somebody else holds the other end. */
const OUTPUT_GRACE_MS = 1_000

/** Facts that a {@link ChildWorker} announces. */
export interface ChildWorkerEvents extends AnnouncerEvents {
  /** It runs. */
  start: (pid: number) => void
  /** A run has ended, or could not begin. */
  exit: (exit: WorkerExit) => void
}

/** One program. All that it starts is in its process group and ends with it, and with this process. */
export class ChildWorker extends Announcer<ChildWorkerEvents> {
  readonly #options: ChildWorkerOptions
  readonly #limits: Required<RestartOptions>
  readonly #clock: Clock
  readonly #backoff: Backoff
  #state: WorkerState
  #child: ChildProcess | undefined
  #progress: ProgressReader | undefined
  #log: LogTail
  #lastExit: WorkerExit | undefined
  #starts: number
  /** Runs in a row that were short. */
  #failures: number
  #startedMs: number
  #touchedMs: number
  #nextStartAtMs: number
  /** Why this run is being ended. */
  #reason: string | undefined
  #preparing: AbortController | undefined
  readonly #timers: Set<Timer>
  #stopped: Promise<void> | undefined
  #onStopped: (() => void) | undefined

  /** @param options - see {@link ChildWorkerOptions}. */
  constructor(options: ChildWorkerOptions) {
    super()
    this.#options = options
    this.#limits = { ...RESTART_DEFAULTS, ...options }
    this.#clock = options.clock ?? systemClock
    const { minRestartDelayMs: minMs, maxRestartDelayMs: maxMs } = this.#limits
    this.#backoff = new Backoff({ minMs, maxMs: Math.max(minMs, maxMs) })
    this.#state = 'idle'
    this.#child = undefined
    this.#progress = undefined
    this.#log = new LogTail(options.secrets)
    this.#lastExit = undefined
    this.#starts = 0
    this.#failures = 0
    this.#startedMs = 0
    this.#touchedMs = 0
    this.#nextStartAtMs = 0
    this.#reason = undefined
    this.#preparing = undefined
    this.#timers = new Set()
    this.#stopped = undefined
    this.#onStopped = undefined
  }

  /** What it is doing. */
  get state(): WorkerState {
    return this.#state
  }

  /** Starts it, also after it has ended or was given up. Does nothing while it is at work. */
  start(): void {
    if (this.#state !== 'idle' && this.#state !== 'ended' && this.#state !== 'failed') return
    this.#failures = 0
    this.#backoff.reset()
    void this.#start()
  }

  /**
   * Ends it for good.
   * @param drainMs - how long it may continue before it gets SIGTERM, for programs whose input the owner has
   *   ended. @defaultValue 0
   * @returns when it is gone, with everything it has started.
   */
  stop(drainMs = 0): Promise<void> {
    if (this.#stopped !== undefined) return this.#stopped
    if (this.#state === 'starting' || this.#state === 'waiting') this.#rest('idle')
    if (this.#child === undefined) return Promise.resolve()
    this.#stopped = new Promise((resolve) => {
      this.#onStopped = resolve
    })
    this.#end('stopped', drainMs)
    return this.#stopped
  }

  /** Ends this run, as if it had failed by itself. */
  fail(reason: string): void {
    if (this.#state === 'running') this.#end(reason, 0)
  }

  /** It shows signs of life: see `stallMs`. */
  touch(): void {
    this.#touchedMs = this.#clock.now()
  }

  /** What is to be known, made when asked. */
  stats(): WorkerStats {
    const now = this.#clock.now()
    const isUp = this.#child !== undefined
    return {
      state: this.#state,
      pid: this.#child?.pid,
      starts: this.#starts,
      runningMs: isUp ? Math.round(now - this.#startedMs) : 0,
      nextStartMs: this.#state === 'waiting' ? Math.max(0, Math.round(this.#nextStartAtMs - now)) : undefined,
      progress: this.#progress?.latest,
      lastExit: this.#lastExit,
      log: this.#log.lines,
    }
  }

  async #start(): Promise<void> {
    this.#state = 'starting'
    this.#reason = undefined
    this.#startedMs = this.#clock.now()
    const preparing = new AbortController()
    this.#preparing = preparing
    let run: WorkerRun | undefined
    try {
      run = await this.#options.prepare(preparing.signal)
    } catch (error) {
      if (!preparing.signal.aborted) this.#exited(null, null, wordsOf(error))
      return
    }
    if (preparing.signal.aborted) {
      run?.discard?.()
      return
    }
    this.#preparing = undefined
    if (run === undefined) this.#rest('ended')
    else this.#spawn(run)
  }

  #spawn(run: WorkerRun): void {
    const { command, args, env, cwd, input = false, output, pipes: pipeCount = 0 } = run
    this.#starts++
    this.#startedMs = this.#clock.now()
    this.#log = new LogTail(this.#options.secrets)
    this.#progress = output === 'progress' ? new ProgressReader() : undefined
    childGuard.ready()
    let child: ChildProcess
    try {
      child = (this.#options.spawn ?? spawn)(command, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe', ...Array<'pipe'>(pipeCount).fill('pipe')],
        // A group of its own: a signal reaches what it starts as well, and Ctrl-C in a terminal is ours to
        // pass on.
        detached: process.platform !== 'win32',
        windowsHide: true,
      })
    } catch (error) {
      childGuard.delete(undefined)
      run.discard?.()
      this.#exited(null, null, wordsOf(error))
      return
    }
    const { pid } = child
    if (pid !== undefined) childGuard.add(pid)
    this.#child = child
    this.#state = 'running'
    let failure: string | undefined
    // Not there, not allowed, no processes left; or a signal that could not be sent.
    child.on('error', (error) => {
      failure = wordsOf(error)
      if (pid === undefined) finish(null, null)
    })
    // If no file descriptors are left (EMFILE), there are no pipes.
    const pipes = (child.stdio as ChildProcess['stdio'] | undefined) ?? []
    for (const pipe of pipes) pipe?.on('error', () => undefined)
    if (pid !== undefined) this.#readOutput(child, output)
    const detach = pid === undefined ? () => run.discard?.() : run.attach?.(child)
    let grace: Timer | undefined
    child.once('exit', () => {
      // Processes that it started and left.
      signalGroup(child, 'SIGKILL')
      grace = this.#clock.setTimeout(() => {
        for (const pipe of pipes) pipe?.destroy()
      }, OUTPUT_GRACE_MS)
    })
    let isOver = false
    const finish = (code: number | null, signal: string | null): void => {
      if (isOver) return
      isOver = true
      grace?.cancel()
      childGuard.delete(pid)
      this.#child = undefined
      detach?.()
      this.#exited(failure === undefined ? code : null, signal, failure)
    }
    child.once('close', finish)
    if (pid === undefined) return
    try {
      setPriority(pid, this.#limits.niceness)
    } catch (error) {
      debug('%s stays at its priority: %s', command, error)
    }
    debug('%s runs as %d', command, pid)
    this.touch()
    if (this.#options.stallMs !== undefined) this.#watch(this.#options.stallMs)
    this.emit('start', pid)
  }

  #readOutput(child: ChildProcess, output: WorkerRun['output']): void {
    const tail = this.#log
    child.stderr!.setEncoding('utf8').on('data', (text: string) => tail.push(text))
    if (output === 'pipe') return
    const reader = this.#progress ?? tail
    child.stdout!.setEncoding('utf8').on('data', (text: string) => reader.push(text))
  }

  /** Looks again when the time could be up. */
  #watch(stallMs: number): void {
    const waitMs = this.#touchedMs + stallMs - this.#clock.now()
    const isIdle = waitMs <= 0 && this.#options.isIdle?.() === true
    if (waitMs > 0 || isIdle) this.#after(isIdle ? stallMs : waitMs, () => this.#watch(stallMs))
    else this.fail(`stalled: nothing for ${stallMs} ms`)
  }

  /** Asks it to end, then insists. */
  #end(reason: string, drainMs: number): void {
    const child = this.#child
    if (child === undefined) return
    this.#cancelTimers()
    this.#state = 'stopping'
    this.#reason = reason
    const kill = (): void => signalGroup(child, 'SIGKILL')
    const terminate = (): void => {
      signalGroup(child, 'SIGTERM')
      this.#after(this.#limits.stopTimeoutMs, kill)
    }
    if (drainMs > 0) this.#after(drainMs, terminate)
    else terminate()
  }

  #exited(code: number | null, signal: string | null, failure: string | undefined): void {
    const ranMs = Math.round(this.#clock.now() - this.#startedMs)
    const how = signal === null ? `exited with ${String(code)}` : `killed by ${signal}`
    const reason = failure ?? this.#reason ?? how
    this.#lastExit = { reason, code, signal, ranMs }
    debug('%s after %d ms', reason, ranMs)
    const isStopped = this.#stopped !== undefined
    const { restart } = this.#options
    const isFailure = failure !== undefined || this.#reason !== undefined || code !== 0
    if (isStopped || (restart !== 'always' && !isFailure)) this.#rest(isStopped ? 'idle' : 'ended')
    else if (restart === 'never') this.#rest('failed')
    else this.#retry(ranMs)
    this.emit('exit', this.#lastExit)
  }

  #retry(ranMs: number): void {
    if (ranMs >= this.#limits.stableAfterMs) {
      this.#failures = 0
      this.#backoff.reset()
    }
    this.#failures++
    if (this.#failures > this.#limits.maxRestarts) {
      this.#rest('failed')
      return
    }
    this.#cancelTimers()
    this.#state = 'waiting'
    const waitMs = this.#backoff.nextMs()
    this.#nextStartAtMs = this.#clock.now() + waitMs
    this.#after(waitMs, () => void this.#start())
  }

  #rest(state: 'idle' | 'ended' | 'failed'): void {
    this.#cancelTimers()
    this.#preparing?.abort()
    this.#preparing = undefined
    this.#state = state
    this.#stopped = undefined
    this.#onStopped?.()
    this.#onStopped = undefined
  }

  #after(ms: number, callback: () => void): void {
    const timer = setDeadline(
      this.#clock,
      () => {
        this.#timers.delete(timer)
        callback()
      },
      ms,
    )
    this.#timers.add(timer)
  }

  #cancelTimers(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }
}

/** Sends a signal to `child` and what it has started. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // Nobody is left in the group.
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
