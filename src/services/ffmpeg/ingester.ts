/**
 * Files and remote streams as streams of a hub.
 *
 * @module
 */
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { Announcer, type AnnouncerEvents, type Hub } from '../../hub/index.ts'
import type { ListedService } from '../control/index.ts'
import { parseOptions } from '../parse-options.ts'
import { ChildWorker } from './child-worker.ts'
import type { WorkerExit, WorkerRun, WorkerStats } from './child-worker-options.ts'
import { outputArguments, REPORTING } from './ffmpeg-arguments.ts'
import type { IngesterOptions } from './ingester-options.ts'
import { ingesterOptions, type ResolvedIngest } from './ingester.schema.ts'
import { secretsOf } from './log-tail.ts'
import { StreamOutput } from './stream-output.ts'
import { workerInfo } from './worker-info.ts'

/** What ffmpeg may open for a URL, also when a playlist leads on from there: no file of this machine. */
const REMOTE_PROTOCOLS = 'crypto,data,http,httpproxy,https,rtmp,rtmps,rtp,rtsp,rtsps,srt,srtp,tcp,tls,udp'

/** What ffmpeg may open for a file. */
const FILE_PROTOCOLS = 'crypto,data,file'

/** Facts that an {@link Ingester} announces. */
export interface IngesterEvents extends AnnouncerEvents {
  /** An ffmpeg runs. */
  start: (name: string, pid: number) => void
  /** A run of ffmpeg has ended, expectedly or not. */
  exit: (name: string, exit: WorkerExit) => void
  /** An input failed too often and is not opened any more. */
  giveUp: (name: string, exit: WorkerExit) => void
}

/** An ingest at work. */
export interface IngestStats extends WorkerStats {
  /** Its name. */
  readonly name: string
  /** Stream path that it publishes. */
  readonly streamPath: string
  /** It is published. */
  readonly live: boolean
  /** Why it is not, if that is known. */
  readonly problem: string | undefined
  /** Packets in this run. */
  readonly packets: number
}

/** What an {@link Ingester} publishes as {@link Publisher.userData}. */
export interface IngestedStream {
  /** Name of the ingest. */
  readonly ingest: string
}

/** One of them. */
interface RunningIngest {
  readonly ingest: ResolvedIngest
  readonly worker: ChildWorker
  output: StreamOutput | undefined
}

/**
 * Publishes files, in a loop or once, and whatever ffmpeg can read from elsewhere: from its construction
 * until it is closed. An input that ends or fails is opened again. Inputs come from the operator; no peer has
 * a say in them.
 *
 * @example A camera, and a file in a loop
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { Ingester } from 'millrace/services/ffmpeg'
 *
 * const ingester = new Ingester({
 *   hub: new Hub(),
 *   ingests: [
 *     { name: 'door', streamPath: '/cam/door', url: 'rtsp://192.0.2.7/stream1', audio: 'none' },
 *     { name: 'tape', streamPath: '/live/tape', file: 'tape.mp4' },
 *   ],
 * })
 * ```
 */
export class Ingester extends Announcer<IngesterEvents> {
  readonly #entries: readonly RunningIngest[]

  /**
   * @param options - see {@link IngesterOptions}.
   * @throws TypeError for wrong options.
   */
  constructor(options: IngesterOptions) {
    super()
    const { hub, ingests, ffmpeg, ...limits } = parseOptions(ingesterOptions, options, 'Ingester')
    this.#entries = ingests.map((ingest) => {
      const { name, file, url = '', loop, stallMs } = ingest
      const worker = new ChildWorker({
        ...limits,
        prepare: () => this.#run(entry, hub, ffmpeg),
        restart: file === undefined || loop ? 'always' : 'on-failure',
        stallMs,
        secrets: secretsOf(url),
      })
      const entry: RunningIngest = { ingest, worker, output: undefined }
      worker.on('start', (pid) => this.emit('start', name, pid))
      worker.on('exit', (exit) => {
        this.emit('exit', name, exit)
        if (worker.state === 'failed') this.emit('giveUp', name, exit)
      })
      return entry
    })
    for (const { worker } of this.#entries) worker.start()
  }

  /** What each of them does. */
  stats(): readonly IngestStats[] {
    return this.#entries.map(({ ingest, worker, output }) => ({
      name: ingest.name,
      streamPath: ingest.streamPath,
      ...worker.stats(),
      live: output?.live ?? false,
      problem: output?.problem,
      packets: output?.packets ?? 0,
    }))
  }

  /** For {@link StreamServices}: shows what each of them does. */
  get service(): ListedService {
    return {
      description: 'publishes files and remote streams',
      list: () =>
        this.stats().map(({ name, streamPath, live, problem, ...stats }) => ({
          name,
          streamPath,
          live,
          problem,
          ...workerInfo(stats),
        })),
    }
  }

  /** Ends all of them. Resolves when no process is left. */
  async close(): Promise<void> {
    await Promise.all(this.#entries.map(({ worker }) => worker.stop()))
  }

  #run(entry: RunningIngest, hub: Hub, ffmpeg: string): WorkerRun {
    const { ingest, worker } = entry
    return {
      command: ffmpeg,
      args: [...REPORTING, ...inputArguments(ingest), ...outputArguments(ingest, 3, ingest.gopMs)],
      output: 'progress',
      pipes: 1,
      attach: (child) => {
        const output = new StreamOutput({
          hub,
          streamPath: ingest.streamPath,
          userData: { ingest: ingest.name } satisfies IngestedStream,
          onMedia: () => worker.touch(),
          onDamage: (reason) => worker.fail(reason),
          onLost: (reason) => worker.fail(`its stream was ended: ${reason}`),
        })
        entry.output = output
        output.readFrom(child.stdio[3] as Readable)
        return () => output.close()
      },
    }
  }
}

function inputArguments({ file, url = '', loop, rtspTransport, ...ingest }: ResolvedIngest): string[] {
  const isFile = file !== undefined
  const realTime = ingest.realTime ?? (isFile || /^https?:/.test(url))
  return [
    ...(realTime ? ['-re'] : []),
    ...(isFile && loop ? ['-stream_loop', '-1'] : []),
    ...(/^rtsps?:/.test(url) ? ['-rtsp_transport', rtspTransport] : []),
    '-protocol_whitelist',
    isFile ? FILE_PROTOCOLS : REMOTE_PROTOCOLS,
    '-i',
    // With its protocol, so that no name of a file is taken for another one.
    isFile ? `file:${resolve(file)}` : url,
  ]
}
