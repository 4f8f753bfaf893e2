/** Servers of the examples, measured from outside: the reference server and the cluster. Needs `/proc` (Linux). */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CallbackBackend } from './callback-backend.ts'
import { coreWaitMicros, processTree, usageOf } from './process-usage.ts'
import type { BenchServer, ServerReady, ServerSample, ServerSettings } from './settings.ts'

const HOST = '127.0.0.1'
const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples')
/** How `npm start` runs the reference server. */
const START_FLAGS = ['--max-semi-space-size=1']
/** Whoever watches a server asks so often. */
const WATCH_INTERVAL_MS = 1000

/** A program that prints `listening rtmp://…` and `listening http://…`. */
export class ProgramServer implements BenchServer {
  readonly ready: ServerReady
  readonly #child: ChildProcess
  readonly #settings: ServerSettings
  readonly #release: () => void

  private constructor(
    child: ChildProcess,
    ready: ServerReady,
    settings: ServerSettings,
    release: () => void,
  ) {
    this.ready = ready
    this.#child = child
    this.#settings = settings
    this.#release = release
  }

  /** @param core - where it runs, `undefined` for anywhere. */
  static async start(
    settings: ServerSettings,
    core: number | undefined,
    nodeFlags: readonly string[],
  ): Promise<ProgramServer> {
    const folder = mkdtempSync(join(tmpdir(), 'bench-fanout-'))
    const backend = settings.kind === 'reference-all' ? await CallbackBackend.listen() : undefined
    const flags = settings.kind === 'cluster' ? nodeFlags : [...START_FLAGS, ...nodeFlags]
    const node = [process.execPath, ...flags, ...programOf(settings, folder, backend?.url)]
    const [command, ...args] = core === undefined ? node : ['taskset', '-c', String(core), ...node]
    const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ready = await listening(child)
    const watching = settings.kind === 'reference-all' ? watch(ready) : undefined
    return new ProgramServer(child, ready, settings, () => {
      clearInterval(watching)
      backend?.close()
      rmSync(folder, { recursive: true, force: true })
    })
  }

  async sample(): Promise<ServerSample> {
    const usages = processTree(this.#child.pid!).map(usageOf)
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
    return {
      atMs: performance.now(),
      cpuMicros: sum(usages.map((usage) => usage.cpuMicros)),
      coreWaitMicros: this.#settings.kind === 'cluster' ? 0 : coreWaitMicros(this.#child.pid),
      rssBytes: sum(usages.map(({ rssBytes }) => rssBytes)),
      heapUsedBytes: Number.NaN,
      bufferBytes: Number.NaN,
      loopLateMaxMs: Number.NaN,
      turnMaxMs: Number.NaN,
      connections: Number.NaN,
      skips: Number.NaN,
      skippedPackets: Number.NaN,
      flushes: Number.NaN,
      roundMs: Number.NaN,
      ...(this.#settings.kind === 'cluster' ? { workers: await this.#workers() } : {}),
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await ended
    this.#release()
  }

  async #workers(): Promise<{ players: number; pulls: number }[]> {
    const answer = await fetch(`http://${HOST}:${this.ready.httpPort}/api/streams/live/s0`)
    if (!answer.ok) return []
    const { workers } = (await answer.json()) as { workers: { players: number; pulls: number }[] }
    return workers
  }
}

/** The arguments of Node. */
function programOf(settings: ServerSettings, folder: string, backend: string | undefined): string[] {
  if (settings.kind === 'cluster') {
    const main = join(EXAMPLES, 'cluster-local', 'main.js')
    return [
      main,
      '--workers',
      String(settings.workers),
      '--host',
      HOST,
      '--rtmp-port',
      '0',
      '--http-port',
      '0',
    ]
  }
  const door = { host: HOST, port: 0 }
  const hub = { minFlushIntervalMs: settings.flushMs, publisherWaitMs: 600_000 }
  const off = { hls: false, access: false, api: { enabled: false }, metrics: { enabled: false } }
  const on = {
    access: {
      addresses: ['allow all 127.0.0.0/8', 'deny all all'],
      limits: { maxPlayers: 100_000, maxPlayersPerStream: 100_000, bitrate: { maxKbps: 100_000 } },
    },
    callbacks: {
      urls: Object.fromEntries(
        ['on_connect', 'on_close', 'on_publish', 'on_unpublish', 'on_play', 'on_stop'].map((name) => [
          name,
          `${backend}/${name}`,
        ]),
      ),
    },
  }
  const config = join(folder, 'config.json')
  writeFileSync(
    config,
    JSON.stringify({ rtmp: door, http: door, hub, ...(settings.kind === 'reference' ? off : on) }),
  )
  return [join(EXAMPLES, 'server', 'main.js'), '--config', config]
}

/** Reads the ports from what it prints, and then whatever it prints. */
function listening(child: ChildProcess): Promise<ServerReady> {
  return new Promise((resolve, fail) => {
    let text = ''
    child.once('exit', (code) => fail(new Error(`the server ended with ${code}`)))
    child.stdout!.setEncoding('utf8').on('data', (part: string) => {
      if (text === '' || !text.includes('listening http')) text += part
      const rtmp = /listening rtmp:\/\/[^\s]*:(\d+)/.exec(text)?.[1]
      const http = /listening http:\/\/[^\s]*:(\d+)/.exec(text)?.[1]
      if (rtmp !== undefined && http !== undefined)
        resolve({ rtmpPort: Number(rtmp), httpPort: Number(http) })
    })
  })
}

/** Asks for metrics and streams, as whoever runs a server does. */
function watch({ httpPort }: ServerReady): NodeJS.Timeout {
  return setInterval(() => {
    for (const path of ['/metrics', '/api/v1/streams/']) {
      fetch(`http://${HOST}:${httpPort}${path}`)
        .then((answer) => answer.arrayBuffer())
        .catch(() => undefined)
    }
  }, WATCH_INTERVAL_MS)
}
