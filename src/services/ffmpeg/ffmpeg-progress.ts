/**
 * What `ffmpeg -progress` reports: lines of `key=value` that end with `progress=continue` or `progress=end`.
 *
 * @module
 */

/** How far an ffmpeg is. Of several outputs the first is meant. */
export interface FfmpegProgress {
  /** Video frames written. */
  readonly frames: number
  /** Frames a second, since the start. */
  readonly fps: number
  /** Bitrate of the output in kbit/s, 0 while it is unknown. */
  readonly bitrateKbps: number
  /** Time that was written, ms. */
  readonly outTimeMs: number
  /** Speed in relation to real time; below 1 the machine is too slow, 0 while it is unknown. */
  readonly speed: number
  /** Frames that were left out to keep the frame rate. */
  readonly droppedFrames: number
  /** Frames that were repeated to keep the frame rate. */
  readonly duplicatedFrames: number
}

/** Longest unfinished line that is kept, in characters; lines have some 40. */
const MAX_LINE_LENGTH = 1_000

/** Reads reports in any pieces. */
export class ProgressReader {
  #rest: string
  #fields: Map<string, string>
  #latest: FfmpegProgress | undefined

  constructor() {
    this.#rest = ''
    this.#fields = new Map()
    this.#latest = undefined
  }

  /** The latest complete report. */
  get latest(): FfmpegProgress | undefined {
    return this.#latest
  }

  /** Takes text as it comes. */
  push(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()!.slice(0, MAX_LINE_LENGTH)
    for (const line of lines) {
      const equals = line.indexOf('=')
      const key = line.slice(0, equals)
      if (key === 'progress') {
        this.#latest = this.#report()
        this.#fields = new Map()
      } else if (NAMES.has(key)) this.#fields.set(key, line.slice(equals + 1))
    }
  }

  #report(): FfmpegProgress {
    return {
      frames: this.#number('frame'),
      fps: this.#number('fps'),
      bitrateKbps: this.#number('bitrate'),
      outTimeMs: Math.round(this.#number('out_time_us') / 1_000),
      speed: this.#number('speed'),
      droppedFrames: this.#number('drop_frames'),
      duplicatedFrames: this.#number('dup_frames'),
    }
  }

  /** ` 0.987x` and `1312.1kbits/s` are numbers with a unit, `N/A` is not. */
  #number(key: string): number {
    return Number.parseFloat(this.#fields.get(key) ?? '') || 0
  }
}

const NAMES: ReadonlySet<string> = new Set([
  'frame', 'fps', 'bitrate', 'out_time_us', 'speed', 'drop_frames', 'dup_frames',
]) // prettier-ignore
