/**
 * Recording the streams of a hub.
 *
 * @module
 */
import createDebug from 'debug'
import { LimitError } from '../../errors/index.ts'
import { Announcer, followHub, type Publisher, type Source, type Timer } from '../../hub/index.ts'
import { ConcurrencyLimit } from '../concurrency-limit.ts'
import { parseOptions } from '../parse-options.ts'
import { DeadlineStore } from './deadline-store.ts'
import type {
  FinishedRecordingFile,
  RecorderEvents,
  RecorderOptions,
  Recording,
  RecordingEnd,
  RecordingFailure,
  RecordingOptions,
  RemovedRecordingFile,
} from './recorder-options.ts'
import { recorderOptions, recordingOptions } from './recorder.schema.ts'
import { noteOf, openWriter, recoverFile } from './recording-formats.ts'
import type { RecordingNote } from './recording-note.ts'
import type { RecordingPart } from './recording-part.ts'
import { type RecordingFormat, RecordingPath } from './recording-path.ts'
import { RecordingSession, type SessionHost } from './recording-session.ts'
import type { WholeFile } from './recording-writer.ts'

const debug = createDebug('millrace:recording')

/**
 * Sessions write in so many turns of an interval: hundreds of them do not hold up the event loop at the same
 * time.
 */
const TURNS = 8

/**
 * Records streams of a hub into FLV or MP4 files. A publish is a recording: when its publisher leaves, the
 * file is finished, and a publisher that comes back, also within the hub's grace time, has a new one. With
 * `segmentDurationMs` or `segmentBytes` a recording is many files, cut at keyframes so that none of them
 * lacks or repeats a frame.
 *
 * The streams never wait for the disk. A recording that cannot be written ends with an `error` event; one of
 * many files is tried again with the next of them.
 *
 * @example Record everything as MP4, an hour a file
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { DirectoryRecordingStore, Recorder } from 'millrace/services/recording'
 *
 * const recorder = new Recorder({
 *   hub: new Hub(),
 *   store: new DirectoryRecordingStore('recordings'),
 *   path: '[app]/[2006]-[01]-[02]/[stream].[timestamp].mp4',
 *   segmentDurationMs: 3_600_000,
 * })
 * await recorder.recover()
 * recorder.on('finish', ({ file, durationMs }) => console.log(`${file}: ${durationMs} ms`))
 * ```
 */
export class Recorder extends Announcer<RecorderEvents> {
  readonly #options: ReturnType<typeof resolveOptions>
  readonly #finishing: ConcurrencyLimit
  readonly #sessions: Map<Source, Set<RecordingSession>>
  /** Which turn it is, and how many sessions there have been: each has the turn of its number. */
  #turn: number
  #sessionCount: number
  /** Streams that were asked for, and how. */
  readonly #wanted: Map<Source, RecordingPath>
  /** Streams that were stopped, though all are recorded. */
  readonly #unwanted: Set<Source>
  readonly #unfollow: () => void
  #timer: Timer | undefined
  #closed: boolean

  /**
   * @param options - see {@link RecorderOptions}. Streams that are published already are recorded from their
   *   cached GOP on.
   * @throws TypeError if the options are invalid.
   */
  constructor(options: RecorderOptions) {
    super()
    this.#options = resolveOptions(options)
    this.#finishing = new ConcurrencyLimit(this.#options.maxFinishing)
    this.#sessions = new Map()
    this.#turn = 0
    this.#sessionCount = 0
    this.#wanted = new Map()
    this.#unwanted = new Set()
    this.#timer = undefined
    this.#closed = false
    this.#unfollow = followHub(this.#options.hub, {
      publish: (source, publisher, isNew) => this.#begin(source, publisher, isNew ? 'packet' : 'gop'),
      unpublish: (source, _, publisher) => {
        for (const session of this.#sessionsOf(source))
          if (session.publisher === publisher) session.end('ended')
      },
      close: (source) => {
        this.#wanted.delete(source)
        this.#unwanted.delete(source)
      },
    })
  }

  /** Whether a stream is recorded: now, or as soon as it has a publisher again. */
  isRecording(source: Source): boolean {
    return this.#wanted.has(source) || this.#sessionsOf(source).some((session) => !session.isEnding)
  }

  /** The files that are being written. */
  recordings(): Recording[] {
    return this.#allSessions().flatMap(({ recording }) => recording ?? [])
  }

  /**
   * Records a stream from its cached GOP on, until {@link Recorder.stop}: also when its publisher leaves and
   * comes back, with a new file each time.
   * @throws TypeError if the options are invalid, a path that leaves the store among them.
   * @throws RangeError if the stream is already being recorded, the recorder is closed, or the source has
   *   ended or belongs to another hub.
   */
  start(source: Source, options: RecordingOptions = {}): void {
    const { path = this.#options.path, format } = parseOptions(recordingOptions, options, 'Recorder.start')
    const wanted = new RecordingPath(path, format)
    if (this.#closed || this.#options.hub.source(source.streamPath) !== source) {
      throw new RangeError('the recorder is closed, or the source is not in its hub')
    }
    if (this.isRecording(source)) throw new RangeError(`${source.streamPath} is already being recorded`)
    this.#unwanted.delete(source)
    this.#wanted.set(source, wanted)
    this.#begin(source, source.publisher, 'gop')
  }

  /**
   * Records a stream no longer, also one that is recorded without being asked for.
   * @returns resolves when nothing is appended any more; `finish` follows.
   */
  async stop(source: Source): Promise<void> {
    this.#wanted.delete(source)
    if (!source.closed) this.#unwanted.add(source)
    await Promise.all(this.#sessionsOf(source).map((session) => this.#end(session, 'stopped')))
  }

  /**
   * Finishes files that a crash left: call it at startup. Each is reported by `finish`; files without media
   * are removed, which `remove` reports. Takes files of this virtual host and those that name none. Those of
   * a running recorder are not touched. A file or folder that cannot be read is an `error` event and costs no
   * other. Rejects when the store cannot be listed at all.
   */
  async recover(): Promise<FinishedRecordingFile[]> {
    const { store, vhost } = this.#options
    const recovered: FinishedRecordingFile[] = []
    const unfinished = await store.unfinished({
      removed: (key, reason) => this.#remove({ key, streamPath: undefined, vhost, reason }),
      failed: (key, error) => this.#fail({ error, streamPath: undefined, vhost, key, goesOn: false }),
    })
    for (const key of unfinished) {
      try {
        const file = await this.#recover(key)
        if (file !== undefined) recovered.push(file)
      } catch (error) {
        // Another process or virtual host that starts at the same time may have finished it.
        const left = await store.unfinished().catch(() => [key])
        if (!left.includes(key)) continue
        this.#fail({ error: error as Error, streamPath: undefined, vhost, key, goesOn: false })
      }
    }
    return recovered
  }

  /**
   * Ends all recordings and finishes their files. If that takes too long, the end of the process may cut it
   * off: {@link Recorder.recover} finishes it.
   */
  async close(): Promise<void> {
    this.#closed = true
    this.#unfollow()
    await Promise.all(this.#allSessions().map((session) => this.#end(session, 'ended')))
    this.#timer?.cancel()
    await this.#finishing.idle()
  }

  /** {@inheritDoc Recorder.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #begin(source: Source, publisher: Publisher | undefined, start: 'packet' | 'gop'): void {
    // Another listener may have sent it away.
    if (publisher === undefined || publisher.ended !== undefined || this.#closed) return
    const path = this.#wanted.get(source) ?? (this.#isApplied(source) ? this.#options.defaultPath : undefined)
    if (path === undefined) return
    const host: SessionHost = {
      started: (part) => this.emit('start', part.view()),
      ended: (part, reason) => void this.#finishing.run(() => this.#finish(part, reason)),
      interrupted: (error, part) => this.#giveUp(error, publisher, [part], true),
      failed: (error, parts) => {
        this.#wanted.delete(source)
        this.#giveUp(error, publisher, parts, false)
      },
    }
    const session = new RecordingSession(
      publisher,
      this.#sessionCount++,
      start,
      { ...this.#options, path },
      host,
    )
    debug('%s is recorded', source.streamPath)
    const sessions = this.#sessions.get(source) ?? new Set()
    this.#sessions.set(source, sessions.add(session))
    void session.over.then(() => {
      sessions.delete(session)
      if (sessions.size === 0) this.#sessions.delete(source)
    })
    this.#arm()
  }

  #isApplied(source: Source): boolean {
    const { start, apply, vhost } = this.#options
    if (start !== 'always' || this.#unwanted.has(source)) return false
    try {
      return apply(source)
    } catch (error) {
      // The user's function must not keep a publisher out.
      this.#fail({
        error: error as Error,
        streamPath: source.streamPath,
        vhost,
        key: undefined,
        goesOn: false,
      })
      return false
    }
  }

  #sessionsOf(source: Source): RecordingSession[] {
    return Array.from(this.#sessions.get(source) ?? [])
  }

  #allSessions(): RecordingSession[] {
    return Array.from(this.#sessions.values()).flatMap((sessions) => Array.from(sessions))
  }

  async #end(session: RecordingSession, reason: RecordingEnd): Promise<void> {
    session.end(reason)
    await session.over
  }

  /** One timer for all sessions: what came since the last turn of one is a write. */
  #arm(): void {
    const { clock, writeIntervalMs } = this.#options
    this.#timer ??= clock.setTimeout(() => {
      this.#timer = undefined
      this.#turn = (this.#turn + 1) % TURNS
      for (const sessions of this.#sessions.values()) {
        for (const session of sessions) if (session.number % TURNS === this.#turn) session.wake()
      }
      if (this.#sessions.size > 0) this.#arm()
    }, writeIntervalMs / TURNS)
  }

  async #finish(part: RecordingPart, reason: RecordingEnd): Promise<void> {
    const { note, format, writer, file } = part
    if (file === undefined) return
    try {
      this.#tell(file.key, note, format, await writer.finish(file), reason, part)
    } catch (error) {
      this.#fail({ error: error as Error, ...note, key: file.key, goesOn: false })
      await file.close().catch(() => undefined)
    }
  }

  /** Finishes what was written until the store failed, if the store allows it. */
  #giveUp(error: Error, { streamPath }: Publisher, parts: readonly RecordingPart[], goesOn: boolean): void {
    const { vhost } = this.#options
    const isHung = error instanceof LimitError && error.code === 'ERR_RECORDING_TIMEOUT'
    this.#fail({ error, streamPath, vhost, key: parts.at(-1)?.view().key, goesOn })
    for (const part of parts) {
      const { note, format, file } = part
      if (file === undefined) continue
      void this.#finishing.run(async () => {
        try {
          if (isHung) await file.close()
          else {
            const whole = await recoverFile(file, format, note.startedAtMs)
            this.#tell(file.key, note, format, whole, 'failed', part)
          }
        } catch (cause) {
          debug('%s stays unfinished: %s', file.key, cause)
          await file.close().catch(() => undefined)
        }
      })
    }
  }

  async #recover(key: string): Promise<FinishedRecordingFile | undefined> {
    const { store, vhost } = this.#options
    const format = key.toLowerCase().endsWith('.mp4') ? 'mp4' : 'flv'
    const file = await store.reopen(key)
    try {
      const note = await noteOf(file, format)
      if (note !== undefined && note.vhost !== vhost) return undefined
      const origin = note ?? { vhost, streamPath: '', startedAtMs: this.#options.now() }
      const whole = await recoverFile(file, format, origin.startedAtMs)
      return this.#tell(key, origin, format, whole, 'recovered')
    } finally {
      await file.close().catch(() => undefined)
    }
  }

  /** @param part - what is known of a file that this process has written. */
  #tell(
    key: string,
    { vhost, streamPath, startedAtMs }: RecordingNote,
    format: RecordingFormat,
    whole: WholeFile | undefined,
    reason: RecordingEnd,
    part?: RecordingPart,
  ): FinishedRecordingFile | undefined {
    if (whole === undefined) {
      const reason = 'there is no media in it'
      this.#remove({ key, streamPath: streamPath === '' ? undefined : streamPath, vhost, reason })
      return undefined
    }
    const { place: file, durationMs, byteLength, fragmented } = whole
    const told = {
      streamPath,
      vhost,
      file,
      format,
      startedAtMs,
      durationMs,
      byteLength,
      reason,
      fragmented,
      skips: part?.skips ?? 0,
      unsupportedCodecs: part?.writer.unsupportedCodecs ?? [],
      request: part?.request,
    }
    this.emit('finish', told)
    return told
  }

  #fail(failure: RecordingFailure): void {
    debug('%s, %s: %s', failure.streamPath, failure.key, failure.error)
    this.emit('error', failure)
  }

  #remove(removed: RemovedRecordingFile): void {
    debug('%s is removed: %s', removed.key, removed.reason)
    this.emit('remove', removed)
  }
}

function resolveOptions(options: RecorderOptions) {
  const parsed = parseOptions(recorderOptions, options, 'Recorder')
  const { apply, store, storeTimeoutMs, clock } = parsed
  const names =
    typeof apply === 'function' ? undefined : new Set(apply.map((name) => name.replace(/^\/?/, '/')))
  return {
    ...parsed,
    defaultPath: new RecordingPath(parsed.path),
    store: new DeadlineStore(store, storeTimeoutMs, clock),
    apply: (source: Source) =>
      names === undefined ? (apply as (one: Source) => boolean)(source) : names.has(source.streamPath),
    openWriter,
  }
}
