/**
 * The worker's side of the directory: who owns which stream.
 *
 * @module
 */
import type { PrimaryMessage, WorkerCount, WorkerMessage } from './messages.ts'

/** What the primary asks a worker. */
export interface DirectoryHost {
  /** A stream has another owner, or none. */
  ownerChanged(streamPath: string, owner: number | undefined): void
  /** The players of a stream here. */
  count(streamPath: string): WorkerCount
  /** The cluster ends. */
  stop(): void
}

/** Speaks with the primary. Every worker knows all owners; the primary alone decides. */
export class Directory {
  /** This worker. */
  readonly self: number
  readonly #host: DirectoryHost
  readonly #owners: Map<string, number>
  readonly #claims: Map<number, (granted: boolean) => void>
  readonly #counts: Map<number, (counts: readonly WorkerCount[]) => void>
  readonly #waiting: Set<{ readonly streamPath: string; readonly wake: () => void }>
  #ids: number

  constructor(self: number, host: DirectoryHost) {
    this.self = self
    this.#host = host
    this.#owners = new Map()
    this.#claims = new Map()
    this.#counts = new Map()
    this.#waiting = new Set()
    this.#ids = 0
    process.on('message', (message: PrimaryMessage) => this.#receive(message))
    this.tell({ type: 'hello' })
  }

  /** The worker that has the publisher of `streamPath` now. */
  owner(streamPath: string): number | undefined {
    return this.#owners.get(streamPath)
  }

  /** The same, as soon as there is one; `undefined` when the signal aborts. */
  async whenOwned(streamPath: string, signal: AbortSignal): Promise<number | undefined> {
    while (!signal.aborted) {
      const owner = this.#owners.get(streamPath)
      if (owner !== undefined) return owner
      await new Promise<void>((resolve) => {
        const waiting = { streamPath, wake: (): void => done() }
        const done = (): void => {
          this.#waiting.delete(waiting)
          signal.removeEventListener('abort', done)
          resolve()
        }
        this.#waiting.add(waiting)
        signal.addEventListener('abort', done)
      })
    }
    return undefined
  }

  /** Asks to own a stream. @returns whether nobody else does. */
  claim(streamPath: string): Promise<boolean> {
    const id = ++this.#ids
    this.tell({ type: 'claim', id, streamPath })
    return new Promise((resolve) => this.#claims.set(id, resolve))
  }

  /** Gives a stream back whose publisher has left. */
  release(streamPath: string): void {
    this.tell({ type: 'release', streamPath })
  }

  /** The players of a stream at all workers. */
  counts(streamPath: string): Promise<readonly WorkerCount[]> {
    const id = ++this.#ids
    this.tell({ type: 'count', id, streamPath })
    return new Promise((resolve) => this.#counts.set(id, resolve))
  }

  /** Sends to the primary. */
  tell(message: WorkerMessage): void {
    if (process.connected) process.send!(message)
  }

  #receive(message: PrimaryMessage): void {
    switch (message.type) {
      case 'owner': {
        const { streamPath, owner } = message
        if (owner === undefined) this.#owners.delete(streamPath)
        else this.#owners.set(streamPath, owner)
        for (const waiting of this.#waiting) if (waiting.streamPath === streamPath) waiting.wake()
        this.#host.ownerChanged(streamPath, owner)
        return
      }
      case 'claimed':
        this.#claims.get(message.id)?.(message.granted)
        this.#claims.delete(message.id)
        return
      case 'counts':
        this.#counts.get(message.id)?.(message.counts)
        this.#counts.delete(message.id)
        return
      case 'count':
        this.tell({ type: 'counted', id: message.id, count: this.#host.count(message.streamPath) })
        return
      case 'stop':
        this.#host.stop()
        return
      default: {
        message satisfies never
      }
    }
  }
}
