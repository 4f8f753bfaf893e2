/** Publishers that stay, and publishers that come and go: ffmpeg where it is there, the load generator's otherwise. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LoadPublisher } from '../bench/fanout/load-publisher.ts'
import type { Random } from './random.ts'

/** Bitrate of synthetic streams. */
const KBPS = 300

const CLIP = join(import.meta.dirname, '../../../test/clips/avc-aac-bframes.flv')

/** How long a publisher that flaps stays, and is away, ms. Some come back within the hub's grace time, some do not. */
const STAYS_MS = [3_000, 9_000] as const
const AWAY_MS = [200, 5_000] as const

/** A publisher of a soak. */
export interface SoakPublisher {
  /** It was refused, or ended by the server. */
  readonly lost: boolean
  /** Leaves. @returns resolves when it has gone, where that takes time. */
  close(): void | Promise<void>
}

/** `ffmpeg -re` with a clip in a loop. */
export class FfmpegPublisher implements SoakPublisher {
  lost: boolean
  /** What it said. */
  words: string
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  #closing: boolean

  constructor(rtmpPort: number, streamName: string) {
    this.lost = false
    this.words = ''
    this.#closing = false
    const url = `rtmp://127.0.0.1:${rtmpPort}/live/${streamName}`
    const args = ['-hide_banner', '-loglevel', 'error', '-re', '-stream_loop', '-1', '-i', CLIP]
    this.#child = spawn('ffmpeg', [...args, '-c', 'copy', '-f', 'flv', url], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const end = (): void => void this.#child.kill('SIGKILL')
    process.once('exit', end)
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.words += text
    })
    this.#child.once('error', () => {
      this.lost = true
    })
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', () => {
        process.off('exit', end)
        this.lost = !this.#closing
        resolve()
      })
    })
  }

  /** It ends as by Ctrl-C: its stream is unpublished in order. */
  async close(): Promise<void> {
    this.#closing = true
    this.#child.kill('SIGINT')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3_000)
    await this.#exited
    clearTimeout(timer)
  }
}

/** A publisher of the kind that the machine has. */
export function openPublisher(rtmpPort: number, streamName: string, withFfmpeg: boolean): SoakPublisher {
  return withFfmpeg
    ? new FfmpegPublisher(rtmpPort, streamName)
    : new LoadPublisher(rtmpPort, streamName, KBPS)
}

/** A stream that is published for some seconds, time and again. */
export class FlappingStream {
  /** Publishers that have come. */
  publishes: number
  /** Publishers that the server has ended. */
  losses: number
  readonly #open: () => SoakPublisher
  readonly #random: Random
  readonly #stoodStillSince: (ms: number) => boolean
  #leaving: AbortController
  #present: Promise<void>

  /** @param stoodStillSince - a server that was stopped may see the new publisher before it sees that the old one has left. */
  constructor(open: () => SoakPublisher, random: Random, stoodStillSince: (ms: number) => boolean) {
    this.publishes = 0
    this.losses = 0
    this.#open = open
    this.#random = random
    this.#stoodStillSince = stoodStillSince
    this.#leaving = new AbortController()
    this.#present = Promise.resolve()
  }

  /** From now on publishers come and go. */
  enter(): void {
    this.#leaving = new AbortController()
    this.#present = this.#flap(this.#leaving.signal)
  }

  /** The publisher leaves, and none comes any more. */
  async leave(): Promise<void> {
    this.#leaving.abort()
    await this.#present
  }

  async #flap(leaving: AbortSignal): Promise<void> {
    while (!leaving.aborted) {
      const beganMs = performance.now()
      const publisher = this.#open()
      this.publishes++
      await pause(this.#random.between(...STAYS_MS), leaving)
      if (publisher.lost && !this.#stoodStillSince(beganMs - AWAY_MS[1])) this.losses++
      await publisher.close()
      await pause(this.#random.between(...AWAY_MS), leaving)
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
