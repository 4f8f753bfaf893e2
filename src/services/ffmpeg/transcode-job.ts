/**
 * One engine at work on one stream.
 *
 * @module
 */
import type { Readable } from 'node:stream'
import type { Source } from '../../hub/index.ts'
import { ChildWorker } from './child-worker.ts'
import type { WorkerRun, WorkerStats } from './child-worker-options.ts'
import type { ResolvedEncoding } from './encoding.schema.ts'
import { AAC, outputArguments, REPORTING } from './ffmpeg-arguments.ts'
import { FEED_OFFSET_MS, MediaFeed } from './media-feed.ts'
import { TranscodedStream } from './transcoded-stream.ts'
import { StreamOutput } from './stream-output.ts'
import type { ResolvedEngine, ResolvedOutput, ResolvedTranscoderOptions } from './transcoder.schema.ts'

/** An engine at work. */
export interface TranscodeStats extends WorkerStats {
  /** Name of the engine. */
  readonly engine: string
  /** Stream path of the original. */
  readonly streamPath: string
  /** How often it was too slow and passed over a part of the stream, in this run. */
  readonly skips: number
  /** What it makes. */
  readonly outputs: readonly TranscodeOutputStats[]
}

/** An output of an engine at work. */
export interface TranscodeOutputStats {
  /** Its name among the outputs. */
  readonly name: string
  /** Its stream path. */
  readonly streamPath: string
  /** It is published. */
  readonly live: boolean
  /** Why it is not, if that is known. */
  readonly problem: string | undefined
  /** Packets in this run. */
  readonly packets: number
}

/** Runs one ffmpeg for a stream, again when it fails, until it is stopped. */
export class TranscodeJob {
  /** The stream. */
  readonly source: Source
  /** What it makes, whether it is there yet or not. */
  readonly renditions: readonly TranscodedStream[]
  /** Its ffmpeg. */
  readonly worker: ChildWorker
  readonly #engine: ResolvedEngine
  readonly #options: ResolvedTranscoderOptions
  #feed: MediaFeed | undefined
  #outputs: readonly StreamOutput[]

  /** Begins with {@link TranscodeJob.worker}`.start()`. */
  constructor(source: Source, engine: ResolvedEngine, options: ResolvedTranscoderOptions) {
    this.source = source
    this.#engine = engine
    this.#options = options
    this.#feed = undefined
    this.#outputs = []
    this.renditions = engine.outputs.map(({ name, stream, video, audio }) => {
      const { width, height, fps, bitrateKbps } = typeof video === 'string' ? NOTHING : video
      return new TranscodedStream({
        of: source.streamPath,
        streamPath: stream.expand(source.streamPath),
        engine: engine.name,
        name,
        width,
        height,
        fps,
        videoBitrateKbps: bitrateKbps,
        audioBitrateKbps: typeof audio === 'string' ? undefined : audio.bitrateKbps,
      })
    })
    this.worker = new ChildWorker({
      ...options,
      prepare: (signal) => this.#prepare(signal),
      restart: 'always',
      stallMs: STALL_MS,
      isIdle: () => this.#feed?.isIdle === true,
    })
  }

  /** Name of its engine. */
  get engine(): string {
    return this.#engine.name
  }

  /** Ends the engine for this stream: pending output is published first. Resolves when ffmpeg has exited. */
  async stop(): Promise<void> {
    this.#feed?.finish()
    await this.worker.stop(this.#options.drainTimeoutMs)
    this.#feed?.close()
  }

  /** Counters, made when asked. */
  stats(): TranscodeStats {
    return {
      engine: this.#engine.name,
      streamPath: this.source.streamPath,
      ...this.worker.stats(),
      skips: this.#feed?.stats.skips ?? 0,
      outputs: this.renditions.map(({ name, streamPath }, i) => {
        const output = this.#outputs[i]
        return {
          name,
          streamPath,
          live: output?.live ?? false,
          problem: output?.problem,
          packets: output?.packets ?? 0,
        }
      }),
    }
  }

  async #prepare(signal: AbortSignal): Promise<WorkerRun | undefined> {
    const feed = await MediaFeed.open(this.source, signal)
    if (feed === undefined) return undefined
    if (signal.aborted) {
      feed.close()
      return undefined
    }
    const { ffmpeg, maxPixels, hub } = this.#options
    const { outputs, gopMs, analyzeMs, hwaccel } = this.#engine
    const args = [
      ...REPORTING,
      // Times go through as they are: renditions have those of their original.
      '-copyts',
      ...(hwaccel === undefined ? [] : ['-hwaccel', hwaccel]),
      '-max_pixels',
      String(maxPixels),
      '-analyzeduration',
      String(analyzeMs * 1_000),
      '-f',
      feed.format,
      '-i',
      'pipe:0',
      ...outputs.flatMap((output, i) => outputArguments(encodingFor(output, feed), FIRST_PIPE + i, gopMs)),
    ]
    return {
      command: ffmpeg,
      args,
      input: true,
      output: 'progress',
      pipes: outputs.length,
      attach: (child) => {
        this.#feed = feed
        this.#outputs = this.renditions.map((rendition, i) => {
          const output = new StreamOutput({
            hub,
            streamPath: rendition.streamPath,
            shiftMs: feed.startDts - FEED_OFFSET_MS,
            userData: rendition,
            onMedia: () => this.worker.touch(),
            onDamage: (reason) => this.worker.fail(reason),
          })
          output.readFrom(child.stdio[FIRST_PIPE + i] as Readable)
          return output
        })
        feed.writeTo(child.stdin!).catch((error: unknown) => this.worker.fail(String(error)))
        return () => {
          feed.close()
          for (const output of this.#outputs) output.close()
        }
      },
      discard: () => feed.close(),
    }
  }
}

/** What becomes of that which is there. */
function encodingFor({ video, audio }: ResolvedOutput, feed: MediaFeed): ResolvedEncoding {
  const auto = feed.audio === 'old' ? 'copy' : AAC
  return {
    video: feed.hasVideo ? video : 'none',
    audio: feed.audio === undefined ? 'none' : audio === 'auto' ? auto : audio,
  }
}

/** An ffmpeg that takes nothing and gives nothing for so long hangs, ms. */
const STALL_MS = 30_000

/** After standard input, output and error. */
const FIRST_PIPE = 3

const NOTHING = { width: undefined, height: undefined, fps: undefined, bitrateKbps: undefined }
