/**
 * Streams that other workers own: each is pulled once, whatever the number of players here.
 *
 * @module
 */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hub, Publisher, Source, StreamPath } from 'millrace/hub'
import { RtmpClient } from 'millrace/node'
import type { Directory } from './directory.ts'

/** A stream without players is pulled for so long, ms: viewers who zap come back. */
const LINGER_MS = 2_000

/** Between an owner that was lost and the next attempt, ms. */
const RETRY_MS = 100

/** What a {@link Pulls} needs of its worker. */
export interface PullsOptions {
  readonly hub: Hub
  readonly directory: Directory
  /** Path of the media socket of a worker. */
  readonly mediaSocket: (worker: number) => string
}

/** A stream that is pulled, or waits for an owner. */
interface Pull {
  /** Ends it for good. */
  readonly ended: AbortController
  /** Ends the present connection: its owner is not the owner any more. */
  connection: AbortController
  publisher: Publisher | undefined
  /** Those who wait for the first bytes. */
  readonly waiting: Set<(source: Source | undefined) => void>
}

/** The pulls of one worker. */
export class Pulls {
  readonly #options: PullsOptions
  readonly #pulls: Map<string, Pull>
  readonly #made: Map<string, number>

  constructor(options: PullsOptions) {
    this.#options = options
    this.#pulls = new Map()
    this.#made = new Map()
  }

  /** How often the stream was pulled so far. */
  made(streamPath: string): number {
    return this.#made.get(streamPath) ?? 0
  }

  /** For `HubOptions.resolveSource`: waits for an owner, then for its first bytes. */
  resolve(streamPath: StreamPath, signal: AbortSignal): Promise<Source | undefined> {
    const { hub, directory } = this.#options
    // Its publisher is let in and will be here at once: the hub waits for it.
    if (directory.owner(streamPath) === directory.self) return Promise.resolve(undefined)
    const pull = this.#start(streamPath)
    return new Promise((resolve) => {
      pull.waiting.add(resolve)
      signal.addEventListener('abort', () => {
        if (hub.source(streamPath) === undefined) this.stop(streamPath)
      })
    })
  }

  /** A stream has changed hands. Whoever watches it here stays. */
  ownerChanged(streamPath: string, owner: number | undefined): void {
    const { hub, directory } = this.#options
    if (owner === directory.self) {
      this.stop(streamPath)
      return
    }
    this.#pulls.get(streamPath)?.connection.abort()
    const source = hub.source(streamPath)
    if (owner !== undefined && source !== undefined && source.audience > 0) this.#start(source.streamPath)
  }

  /** Ends a pull. The source stays for the grace time. */
  stop(streamPath: string): void {
    const pull = this.#pulls.get(streamPath)
    this.#pulls.delete(streamPath)
    pull?.publisher?.unpublish()
    pull?.ended.abort()
    pull?.connection.abort()
    for (const resolve of pull?.waiting ?? []) resolve(undefined)
  }

  /** Ends all. */
  close(): void {
    for (const streamPath of this.#pulls.keys()) this.stop(streamPath)
  }

  #start(streamPath: StreamPath): Pull {
    const present = this.#pulls.get(streamPath)
    if (present !== undefined) return present
    const pull: Pull = {
      ended: new AbortController(),
      connection: new AbortController(),
      publisher: undefined,
      waiting: new Set(),
    }
    this.#pulls.set(streamPath, pull)
    void this.#run(streamPath, pull)
    return pull
  }

  /** Pulls from one owner after the other until it is stopped. */
  async #run(streamPath: StreamPath, pull: Pull): Promise<void> {
    const { directory } = this.#options
    while (!pull.ended.signal.aborted) {
      const owner = await directory.whenOwned(streamPath, pull.ended.signal)
      if (owner === undefined || owner === directory.self) break
      pull.connection = new AbortController()
      try {
        await this.#pullFrom(owner, streamPath, pull)
      } catch {
        // The owner has gone, or is about to: the primary says who is next.
      }
      pull.publisher?.unpublish()
      pull.publisher = undefined
      await sleep(RETRY_MS)
    }
    if (this.#pulls.get(streamPath) === pull) this.#pulls.delete(streamPath)
  }

  async #pullFrom(owner: number, streamPath: StreamPath, pull: Pull): Promise<void> {
    const { hub, mediaSocket } = this.#options
    const client = await RtmpClient.play(`rtmp://worker${streamPath}`, {
      stream: connect(mediaSocket(owner)),
      signal: pull.connection.signal,
    })
    if (pull.ended.signal.aborted) {
      await client.close()
      return
    }
    this.#made.set(streamPath, this.made(streamPath) + 1)
    const publisher = hub.publish(streamPath, { onLost: () => this.stop(streamPath) })
    pull.publisher = publisher
    const source = hub.source(streamPath)!
    for (const resolve of pull.waiting) resolve(source)
    pull.waiting.clear()
    this.#watchIdle(source, pull)
    for await (const packet of client) publisher.write(packet)
  }

  #watchIdle(source: Source, pull: Pull): void {
    const onIdle = (): void => {
      setTimeout(() => {
        if (source.audience > 0 || this.#pulls.get(source.streamPath) !== pull) return
        this.stop(source.streamPath)
        source.close()
      }, LINGER_MS).unref()
    }
    source.on('idle', onIdle)
    pull.connection.signal.addEventListener('abort', () => source.off('idle', onIdle))
  }
}
