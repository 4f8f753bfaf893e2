/**
 * The primary: starts workers, and knows which of them owns which stream. It sees no media.
 *
 * @module
 */
import cluster, { type Worker } from 'node:cluster'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PrimaryMessage, WorkerCount, WorkerMessage } from './messages.ts'

/** How a cluster is started. */
export interface ClusterOptions {
  readonly workers: number
  readonly host: string
  readonly rtmpPort: number
  readonly httpPort: number
}

/** Workers have so long to end, ms. */
const STOP_LIMIT_MS = 3_000

/** A question to all workers. */
interface Counting {
  readonly asker: Worker
  readonly id: number
  readonly awaited: Set<number>
  readonly counts: WorkerCount[]
}

/** The primary of a cluster. */
export class Primary {
  readonly #options: ClusterOptions
  readonly #folder: string
  /** The workers that listen to messages. */
  readonly #workers: Map<number, Worker>
  /** Stream path → the worker that has its publisher. */
  readonly #owners: Map<string, number>
  readonly #countings: Map<number, Counting>
  #countingIds: number
  #listening: number
  #stopping: boolean

  /** Starts the workers. */
  constructor(options: ClusterOptions) {
    this.#options = options
    this.#folder = mkdtempSync(join(tmpdir(), 'millrace-'))
    this.#workers = new Map()
    this.#owners = new Map()
    this.#countings = new Map()
    this.#countingIds = 0
    this.#listening = 0
    this.#stopping = false
    cluster.setupPrimary({ serialization: 'advanced' })
    cluster.on('exit', (worker, code, signal) => this.#exited(worker, signal ?? `code ${code}`))
    for (let i = 0; i < options.workers; i++) this.#fork()
  }

  /** Ends the workers; the process ends with the last. */
  stop(): void {
    this.#stopping = true
    for (const worker of workers()) {
      send(worker, { type: 'stop' })
      setTimeout(() => worker.process.kill('SIGKILL'), STOP_LIMIT_MS).unref()
    }
  }

  #fork(): void {
    const { host, rtmpPort, httpPort } = this.#options
    const worker = cluster.fork({
      MILLRACE_HOST: host,
      MILLRACE_RTMP_PORT: String(rtmpPort),
      MILLRACE_HTTP_PORT: String(httpPort),
      MILLRACE_SOCKETS: this.#folder,
    })
    worker.on('message', (message: WorkerMessage) => this.#receive(worker, message))
  }

  #receive(worker: Worker, message: WorkerMessage): void {
    switch (message.type) {
      case 'hello':
        this.#workers.set(worker.id, worker)
        for (const [streamPath, owner] of this.#owners) send(worker, { type: 'owner', streamPath, owner })
        return
      case 'listening':
        this.#announce(message.rtmpPort, message.httpPort)
        return
      case 'claim': {
        const granted = !this.#owners.has(message.streamPath)
        if (granted) this.#setOwner(message.streamPath, worker.id)
        send(worker, { type: 'claimed', id: message.id, granted })
        return
      }
      case 'release':
        if (this.#owners.get(message.streamPath) === worker.id) this.#setOwner(message.streamPath, undefined)
        return
      case 'count':
        this.#count(worker, message.id, message.streamPath)
        return
      case 'counted':
        this.#counted(message.id, message.count)
        return
      default: {
        message satisfies never
      }
    }
  }

  #setOwner(streamPath: string, owner: number | undefined): void {
    if (owner === undefined) this.#owners.delete(streamPath)
    else this.#owners.set(streamPath, owner)
    for (const worker of this.#workers.values()) send(worker, { type: 'owner', streamPath, owner })
  }

  #count(asker: Worker, id: number, streamPath: string): void {
    const awaited = new Set(this.#workers.keys())
    const key = ++this.#countingIds
    this.#countings.set(key, { asker, id, awaited, counts: [] })
    for (const worker of this.#workers.values()) send(worker, { type: 'count', id: key, streamPath })
  }

  #counted(key: number, count: WorkerCount): void {
    const counting = this.#countings.get(key)
    if (counting === undefined) return
    counting.counts.push(count)
    this.#settle(key, count.worker)
  }

  /** `worker` has answered, or never will. */
  #settle(key: number, worker: number): void {
    const counting = this.#countings.get(key)
    if (counting === undefined || !counting.awaited.delete(worker) || counting.awaited.size > 0) return
    this.#countings.delete(key)
    const counts = counting.counts.toSorted((a, b) => a.worker - b.worker)
    send(counting.asker, { type: 'counts', id: counting.id, counts })
  }

  #announce(rtmpPort: number, httpPort: number): void {
    if (++this.#listening !== this.#options.workers) return
    console.log(`listening rtmp://${this.#options.host}:${rtmpPort}`)
    console.log(`listening http://${this.#options.host}:${httpPort}`)
  }

  /** Its streams are over; a publisher that comes back finds another worker. */
  #exited(worker: Worker, how: string): void {
    this.#workers.delete(worker.id)
    if (!this.#stopping) console.log(`worker ${worker.id} (pid ${worker.process.pid}) ended: ${how}`)
    for (const [streamPath, owner] of this.#owners) {
      if (owner === worker.id) this.#setOwner(streamPath, undefined)
    }
    for (const key of this.#countings.keys()) this.#settle(key, worker.id)
    if (!this.#stopping) this.#fork()
    else if (workers().length === 0) rmSync(this.#folder, { recursive: true, force: true })
  }
}

function workers(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter(
    (worker) => worker !== undefined && !worker.isDead(),
  ) as Worker[]
}

function send(worker: Worker, message: PrimaryMessage): void {
  if (worker.isConnected()) worker.send(message)
}
