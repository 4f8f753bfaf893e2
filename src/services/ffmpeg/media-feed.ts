/**
 * The packets of a stream on the standard input of ffmpeg.
 *
 * @module
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { EMPTY_BYTES } from '../../bytes/index.ts'
import { describeTrack } from '../../codec/index.ts'
import type { Consumer, ConsumerStats, Source } from '../../hub/index.ts'
import type { MediaPacket } from '../../media/index.ts'
import { type FeedFormat, feedFormatOf, isOldFlv } from './feed-format.ts'

/**
 * Added to all times, so that none is negative: encoders of audio begin a frame early, and those of video put
 * a picture's decode time before its presentation. Taken away again from what comes back.
 */
export const FEED_OFFSET_MS = 1_000

/** How long, in the time of the stream, the second kind of media is waited for before the first goes out. */
const PROBE_MS = 500

/**
 * Packets that are held meanwhile, whatever their times. Of configuration before the first frame the newest
 * are kept.
 */
const MAX_PROBE_PACKETS = 512

/** One reading of a source for one run of ffmpeg, from its newest keyframe on. */
export class MediaFeed {
  readonly #source: Source
  readonly #consumer: Consumer
  readonly #format: FeedFormat
  /** What came until it was known what there is, as far as it is not written. */
  readonly #begin: MediaPacket[]
  /** Size of its pictures, if their configuration is known. */
  readonly #size: string | undefined
  #finishing: boolean
  #stdin: Writable | undefined
  /** dts of its first audio or video, on the source's clock, ms: what {@link FEED_OFFSET_MS} stands for. */
  readonly startDts: number
  /** It has video. */
  readonly hasVideo: boolean
  /** It has audio: such that any FLV can hold, or another one. */
  readonly audio: 'old' | 'new' | undefined

  private constructor(source: Source, consumer: Consumer, begin: MediaPacket[], startDts: number) {
    this.#source = source
    this.#consumer = consumer
    this.#begin = begin
    this.#size = begin.reduce<string | undefined>((size, packet) => sizeOf(packet) ?? size, undefined)
    this.#finishing = false
    this.#stdin = undefined
    this.startDts = startDts
    this.#format = feedFormatOf(begin)
    this.hasVideo = begin.some(({ kind }) => kind === 'video')
    const audio = begin.find(({ kind }) => kind === 'audio')
    this.audio = audio && (isOldFlv(audio) ? 'old' : 'new')
  }

  /**
   * Waits until there is something to read and it is known what kinds of media there are.
   * @returns `undefined` when the stream, or its publisher, ends before.
   * @throws TypeError for codecs that no container can carry.
   */
  static async open(source: Source, signal: AbortSignal): Promise<MediaFeed | undefined> {
    if (source.closed) return undefined
    const consumer = source.consume({ tracks: 'default' })
    const end = (): void => consumer.detach()
    signal.addEventListener('abort', end, { once: true })
    let feed: MediaFeed | undefined
    try {
      const begin = await readBegin(source, consumer)
      feed = begin && new MediaFeed(source, consumer, begin.packets, begin.startDts)
      return feed
    } finally {
      signal.removeEventListener('abort', end)
      if (feed === undefined) consumer.detach()
    }
  }

  /** Packets of the start that are not written yet. */
  get heldCount(): number {
    return this.#begin.length
  }

  /** Everything that came is written and was taken. */
  get isIdle(): boolean {
    return this.#consumer.stats().lagMs === 0 && (this.#stdin?.writableLength ?? 0) === 0
  }

  /** Counters of its reading: what it skipped because ffmpeg was too slow. */
  get stats(): ConsumerStats {
    return this.#consumer.stats()
  }

  /** Format of the bytes, for `-f`. */
  get format(): string {
    return this.#format.name
  }

  /**
   * Writes everything to `stdin`, as fast as that takes it, and ends it. Settles when that is done, or nobody
   * reads any more. Rejects when the container cannot continue.
   */
  async writeTo(stdin: Writable): Promise<void> {
    this.#stdin = stdin
    let rest: Uint8Array = EMPTY_BYTES
    try {
      await this.#write(stdin)
      rest = this.#format.end()
    } finally {
      this.#consumer.detach()
      stdin.end(rest)
    }
  }

  async #write(stdin: Writable): Promise<void> {
    const consumer = this.#consumer
    while (!consumer.ended && !stdin.destroyed) {
      const held = this.#begin.shift()
      const packet = held ?? consumer.read()
      if (packet === undefined) {
        if (this.#finishing || consumer.ended) break
        await consumer.ready()
        continue
      }
      if (packet.kind === 'data') continue
      // Encoders that have begun keep their size and would squeeze another one into it: the next run begins
      // with it.
      if (held === undefined && (sizeOf(packet) ?? this.#size) !== this.#size) break
      // Configuration may be older than the first frame.
      const dts = Math.max(0, packet.dts - this.startDts + FEED_OFFSET_MS)
      const bytes = this.#format.write(packet.withDts(dts))
      // Another codec or another track: the next run gets it.
      if (bytes === undefined) break
      if (bytes.length > 0 && !stdin.write(bytes)) await drained(stdin)
    }
  }

  /** Ends when all that a publisher sent is written who has left; at once while there is one. */
  finish(): void {
    this.#finishing = true
    if (this.#source.publisher !== undefined) this.close()
  }

  /** Ends at once. */
  close(): void {
    this.#consumer.detach()
  }
}

/**
 * Size of the pictures that a configuration announces; `undefined` for other packets, and where it does not
 * tell.
 */
function sizeOf({ kind, configuration, codec, payload }: MediaPacket): string | undefined {
  if (kind !== 'video' || !configuration) return undefined
  const { width, height } = describeTrack(codec, payload)
  return width === undefined ? undefined : `${width}x${height}`
}

/** The packets until it is known what there is; `undefined` when there will be nothing. */
async function readBegin(
  source: Source,
  consumer: Consumer,
): Promise<{ packets: MediaPacket[]; startDts: number } | undefined> {
  const packets: MediaPacket[] = []
  let startDts: number | undefined
  while (!consumer.ended) {
    const packet = consumer.read()
    if (packet === undefined) {
      if (source.publisher === undefined) return undefined
      await consumer.ready()
      continue
    }
    if (packet.kind === 'data') continue
    if (startDts === undefined && packets.length >= MAX_PROBE_PACKETS) packets.shift()
    packets.push(packet)
    if (packet.coded) startDts ??= packet.dts
    if (startDts === undefined) continue
    const kinds = new Set(packets.map(({ kind }) => kind))
    const isWaiting = kinds.size < 2 && packet.dts - startDts < PROBE_MS
    if (!isWaiting || packets.length >= MAX_PROBE_PACKETS) return { packets, startDts }
  }
  return undefined
}

/** Waits for room, or for the end. */
async function drained(stdin: Writable): Promise<void> {
  if (stdin.destroyed) return
  const over = new AbortController()
  const { signal } = over
  await Promise.race([once(stdin, 'drain', { signal }), once(stdin, 'close', { signal })]).catch(
    () => undefined,
  )
  over.abort()
}
