/**
 * Makes streams from the streams of a hub: other sizes, bitrates and codecs.
 *
 * @module
 */
import createDebug from 'debug'
import { Announcer, type AnnouncerEvents, followHub, type Source } from '../../hub/index.ts'
import type { ServiceInfo, ServiceTarget, StreamService } from '../control/index.ts'
import { parseOptions } from '../parse-options.ts'
import type { WorkerExit } from './child-worker-options.ts'
import { TranscodedStream } from './transcoded-stream.ts'
import { TranscodeJob, type TranscodeStats } from './transcode-job.ts'
import type { TranscoderOptions } from './transcoder-options.ts'
import {
  type ResolvedEngine,
  type ResolvedTranscoderOptions,
  serviceOptions,
  transcoderOptions,
} from './transcoder.schema.ts'
import { workerInfo } from './worker-info.ts'

const debug = createDebug('millrace:ffmpeg')

/** Facts that a {@link Transcoder} announces. */
export interface TranscoderEvents extends AnnouncerEvents {
  /** An ffmpeg runs. */
  start: (streamPath: string, engine: string, pid: number) => void
  /** A run of ffmpeg has ended, expectedly or not. */
  exit: (streamPath: string, engine: string, exit: WorkerExit) => void
  /** An engine failed too often and is not started again for this stream. */
  giveUp: (streamPath: string, engine: string, exit: WorkerExit) => void
  /** A stream is not transcoded: `maxWorkers` run already. */
  full: (streamPath: string, engine: string) => void
}

/**
 * Runs ffmpeg for the streams of a hub, and publishes what it makes to the same hub. Packets go to its
 * standard input, its outputs come back through pipes: nothing listens, and admission is not asked for what
 * never came from outside.
 *
 * Renditions have the timestamps of their original, also after ffmpeg was started again; with the same frame
 * rate they have keyframes at the same pictures. A stream that is itself a rendition is never transcoded.
 *
 * @example A ladder of three
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { Transcoder } from 'millrace/services/ffmpeg'
 *
 * const rung = (height: number, bitrateKbps: number) => ({ name: `${height}p`, video: { height, bitrateKbps } })
 * const transcoder = new Transcoder({
 *   hub: new Hub(),
 *   engines: [{ name: 'ladder', match: 'live/*', outputs: [rung(720, 2500), rung(480, 1200), rung(240, 400)] }],
 * })
 * ```
 */
export class Transcoder extends Announcer<TranscoderEvents> {
  readonly #options: ResolvedTranscoderOptions
  /** By stream path. */
  readonly #jobs: Map<string, readonly TranscodeJob[]>
  /** Those that are on their way out, by stream path: their streams have these names still. */
  readonly #leaving: Map<string, Promise<void>>
  readonly #unfollow: () => void
  #closed: boolean

  /**
   * Streams that are published already are transcoded from now on.
   * @throws TypeError for wrong options, and for an engine whose output would be its own input.
   */
  constructor(options: TranscoderOptions) {
    super()
    this.#options = parseOptions(transcoderOptions, options, 'Transcoder')
    this.#jobs = new Map()
    this.#leaving = new Map()
    this.#closed = false
    this.#unfollow = followHub(this.#options.hub, {
      publish: (source, publisher) => {
        if (publisher.userData instanceof TranscodedStream) return
        this.#start(source, this.#enginesOf(source))
      },
      unpublish: (source) => void this.#stop(source),
      close: (source) => void this.#stop(source).then(() => this.#closeRenditions(source)),
    })
  }

  /**
   * For {@link StreamServices}: starts all engines that apply to a stream, or those that the caller names in
   * `{ "engines": [] }`, until its publisher leaves; and stops them. A stream is transcoded from its publish
   * on without that.
   */
  get service(): StreamService {
    return {
      description: 'makes streams of other sizes and bitrates',
      isRunning: ({ source }) => this.#jobs.has(source.streamPath),
      start: ({ source }: ServiceTarget, options: unknown) => {
        const engines = this.#chosen(source, options)
        if (engines.length === 0) throw new TypeError(`no engine applies to ${source.streamPath}`)
        this.#start(source, engines)
      },
      stop: ({ source }) => this.#stop(source),
      status: ({ source }) => {
        const engines = this.stats(source.streamPath)
        if (engines.length === 0) return undefined
        return Object.fromEntries(engines.map((stats) => [stats.engine, infoOf(stats)]))
      },
      list: () =>
        this.stats().map(({ streamPath, engine, ...stats }) => ({ streamPath, engine, ...infoOf(stats) })),
    }
  }

  /** What is made from a stream now, in the order of engines and outputs; published or about to be. */
  renditions(streamPath: string): readonly TranscodedStream[] {
    return (this.#jobs.get(streamPath) ?? []).flatMap((job) => job.renditions)
  }

  /** Engines at work, of one stream or all. */
  stats(streamPath?: string): readonly TranscodeStats[] {
    const jobs =
      streamPath === undefined ? Array.from(this.#jobs.values()).flat() : (this.#jobs.get(streamPath) ?? [])
    return jobs.map((job) => job.stats())
  }

  /** Ends everything. Resolves when no process is left. */
  async close(): Promise<void> {
    this.#closed = true
    this.#unfollow()
    await Promise.all(Array.from(this.#jobs.values(), ([job]) => this.#stop(job!.source)))
    await Promise.all(this.#leaving.values())
  }

  #enginesOf({ streamPath }: Source): ResolvedEngine[] {
    return this.#options.engines.filter(({ match }) => match.some((pattern) => pattern.matches(streamPath)))
  }

  #chosen(source: Source, options: unknown): ResolvedEngine[] {
    if (source.publisher === undefined) throw new TypeError(`${source.streamPath} has no publisher`)
    if (source.publisher.userData instanceof TranscodedStream)
      throw new TypeError('the stream is itself a rendition')
    const engines = this.#enginesOf(source)
    if (options === undefined) return engines
    const { engines: names } = parseOptions(serviceOptions, options, 'transcode')
    return names === undefined ? engines : engines.filter(({ name }) => names.includes(name))
  }

  #start(source: Source, engines: readonly ResolvedEngine[]): void {
    const { streamPath } = source
    if (this.#closed || this.#jobs.has(streamPath)) return
    const running = Array.from(this.#jobs.values()).flat().length
    const jobs = engines
      .slice(0, this.#options.maxWorkers - running)
      .map((engine) => this.#job(source, engine))
    for (const { name } of engines.slice(jobs.length)) this.emit('full', streamPath, name)
    if (jobs.length === 0) return
    this.#jobs.set(streamPath, jobs)
    const start = (): void => {
      if (this.#jobs.get(streamPath) === jobs) for (const job of jobs) job.worker.start()
    }
    const leaving = this.#leaving.get(streamPath)
    if (leaving === undefined) start()
    else void leaving.then(start)
  }

  #job(source: Source, engine: ResolvedEngine): TranscodeJob {
    const job = new TranscodeJob(source, engine, this.#options)
    const { streamPath } = source
    job.worker.on('start', (pid) => this.emit('start', streamPath, engine.name, pid))
    job.worker.on('exit', (exit) => {
      debug('%s of %s: %s', engine.name, streamPath, exit.reason)
      this.emit('exit', streamPath, engine.name, exit)
      if (job.worker.state === 'failed') this.emit('giveUp', streamPath, engine.name, exit)
    })
    return job
  }

  #stop({ streamPath }: Source): Promise<void> {
    const jobs = this.#jobs.get(streamPath)
    const before = this.#leaving.get(streamPath)
    if (jobs === undefined) return before ?? Promise.resolve()
    this.#jobs.delete(streamPath)
    const stopped = Promise.all([before, ...jobs.map((job) => job.stop())]).then(() => {
      if (this.#leaving.get(streamPath) === stopped) this.#leaving.delete(streamPath)
    })
    this.#leaving.set(streamPath, stopped)
    return stopped
  }

  /** A stream that begins at 0 again must not continue after renditions of the last one. */
  #closeRenditions({ streamPath }: Source): void {
    for (const source of this.#options.hub.sources) {
      const rendition = source.lastPublisher?.userData
      const isOver =
        source.publisher === undefined && rendition instanceof TranscodedStream && rendition.of === streamPath
      if (isOver) source.close()
    }
  }
}

function infoOf({ outputs, skips, ...stats }: Omit<TranscodeStats, 'engine' | 'streamPath'>): ServiceInfo {
  const states = outputs.map(({ name, streamPath, live, problem }) => [
    name,
    `${streamPath}: ${live ? 'live' : (problem ?? 'not yet')}`,
  ])
  return { ...workerInfo(stats), skips, outputs: Object.fromEntries(states) }
}
