/**
 * Programs that run while streams are published, and when they are not any more.
 *
 * @module
 */
import { Announcer, type AnnouncerEvents, followHub, type Publisher } from '../../hub/index.ts'
import type { ListedService } from '../control/index.ts'
import { parseOptions } from '../parse-options.ts'
import { ChildWorker } from './child-worker.ts'
import type { WorkerExit, WorkerStats } from './child-worker-options.ts'
import { type CommandInfo, commandInfoOf, environmentOf } from './command-template.ts'
import type { ExecHooksOptions } from './exec-hooks-options.ts'
import {
  execHooksOptions,
  type ResolvedExecHook,
  type ResolvedExecHooksOptions,
} from './exec-hooks.schema.ts'
import { workerInfo } from './worker-info.ts'

/** Facts that {@link ExecHooks} announce. */
export interface ExecHooksEvents extends AnnouncerEvents {
  /** A program runs. */
  start: (hook: string, streamPath: string, pid: number) => void
  /** A run of a program has ended, expectedly or not. */
  exit: (hook: string, streamPath: string, exit: WorkerExit) => void
  /** A program failed too often and is not started again for this stream. */
  giveUp: (hook: string, streamPath: string, exit: WorkerExit) => void
  /** A stream gets no program: `maxWorkers` run already. */
  full: (hook: string, streamPath: string) => void
}

/** A program at work. */
export interface ExecHookStats extends WorkerStats {
  /** Name of the hook. */
  readonly hook: string
  /** The stream it runs for. */
  readonly streamPath: string
}

/** One program for one stream. */
interface Job {
  readonly hook: ResolvedExecHook
  readonly publisher: Publisher
  readonly worker: ChildWorker
}

/**
 * Runs programs for the streams of a hub: for `publish` from there until the publisher leaves, and again when
 * they end; for `unpublish` once. A program ends with its stream, with everything that it has started, and
 * does not outlive this process.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { ExecHooks } from 'millrace/services/ffmpeg'
 *
 * const hooks = new ExecHooks({
 *   hub: new Hub(),
 *   hooks: [{ name: 'watch', on: 'publish', command: ['/usr/local/bin/watch', '--name=[stream]'] }],
 * })
 * ```
 */
export class ExecHooks extends Announcer<ExecHooksEvents> {
  readonly #options: ResolvedExecHooksOptions
  readonly #jobs: Set<Job>
  readonly #unfollow: () => void

  /**
   * Streams that are published already get their programs now.
   * @throws TypeError for wrong options.
   */
  constructor(options: ExecHooksOptions) {
    super()
    this.#options = parseOptions(execHooksOptions, options, 'ExecHooks')
    this.#jobs = new Set()
    this.#unfollow = followHub(this.#options.hub, {
      publish: (_source, publisher) => this.#startAll('publish', publisher),
      unpublish: (_source, _reason, publisher) => {
        for (const job of this.#jobs) {
          if (job.publisher === publisher && job.hook.on === 'publish') void this.#stop(job)
        }
        this.#startAll('unpublish', publisher)
      },
    })
  }

  /** Programs at work, and those that were given up while their streams last. */
  stats(): readonly ExecHookStats[] {
    return Array.from(this.#jobs, ({ hook, publisher, worker }) => ({
      hook: hook.name,
      streamPath: publisher.streamPath,
      ...worker.stats(),
    }))
  }

  /** For {@link StreamServices}: shows what each of them does. */
  get service(): ListedService {
    return {
      description: 'runs programs for streams',
      list: () =>
        this.stats().map(({ hook, streamPath, ...stats }) => ({ hook, streamPath, ...workerInfo(stats) })),
    }
  }

  /** Ends all of them. Resolves when no process is left. */
  async close(): Promise<void> {
    this.#unfollow()
    await Promise.all(Array.from(this.#jobs, (job) => this.#stop(job)))
  }

  /** Those that run or will run again; the others are there to be looked at. */
  get #atWork(): number {
    let count = 0
    for (const { worker } of this.#jobs) if (worker.state !== 'ended' && worker.state !== 'failed') count++
    return count
  }

  #startAll(on: ResolvedExecHook['on'], publisher: Publisher): void {
    const { hooks, vhost, maxWorkers } = this.#options
    const { streamPath } = publisher
    const meant = hooks.filter(
      (hook) => hook.on === on && hook.match.some((pattern) => pattern.matches(streamPath)),
    )
    if (meant.length === 0) return
    const facts = commandInfoOf(vhost, publisher)
    for (const hook of meant) {
      if (this.#atWork < maxWorkers) this.#start(hook, publisher, facts)
      else this.emit('full', hook.name, streamPath)
    }
  }

  #start(hook: ResolvedExecHook, publisher: Publisher, facts: CommandInfo): void {
    const { name, on, command, cwd, restart, hookTimeoutMs } = hook
    const { streamPath } = publisher
    const isOnce = on === 'unpublish'
    const run = {
      ...command.expand(facts),
      env: { ...environmentOf(facts), MILLRACE_EVENT: on },
      cwd,
      output: 'log' as const,
    }
    const worker = new ChildWorker({
      ...this.#options,
      prepare: () => run,
      restart: isOnce ? 'never' : restart,
      stallMs: isOnce ? hookTimeoutMs : undefined,
    })
    const job: Job = { hook, publisher, worker }
    this.#jobs.add(job)
    worker.on('start', (pid) => this.emit('start', name, streamPath, pid))
    worker.on('exit', (exit) => {
      this.emit('exit', name, streamPath, exit)
      if (worker.state === 'failed' && !isOnce) this.emit('giveUp', name, streamPath, exit)
      if (isOnce) this.#jobs.delete(job)
    })
    worker.start()
  }

  async #stop(job: Job): Promise<void> {
    await job.worker.stop()
    this.#jobs.delete(job)
  }
}
