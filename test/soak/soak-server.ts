/** The built reference server in a process of its own: its log, its metrics, its file descriptors. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = join(import.meta.dirname, '../../examples/server/main.js')

/** Has the server collect its garbage when it is asked to: what is left afterwards is in use. */
const COLLECTS_ON_SIGNAL = `data:text/javascript,process.on('SIGUSR2',()=>globalThis.gc())`

/** A line of the server's JSON log. */
export interface LogEvent {
  readonly time: string
  readonly event: string
  readonly [field: string]: string | number
}

/** What the server holds at one moment. */
export interface Held {
  /** JavaScript heap in use, bytes. */
  readonly heap: number
  /** Memory of buffers, bytes. */
  readonly external: number
  readonly resident: number
  /** Open file descriptors; 0 where the system does not tell. */
  readonly descriptors: number
}

/** A server under load. */
export class SoakServer {
  /** All that it has logged. */
  readonly events: LogEvent[]
  /** All that it has written to standard error, and lines that are no event. */
  readonly complaints: string[]
  /** Exit code, or the signal that ended it; `undefined` while it runs. */
  ended: number | NodeJS.Signals | undefined
  readonly #child: ChildProcess
  readonly #exited: Promise<void>

  private constructor(configFile: string) {
    this.events = []
    this.complaints = []
    this.ended = undefined
    const flags = ['--expose-gc', '--import', COLLECTS_ON_SIGNAL]
    this.#child = spawn(process.execPath, [...flags, MAIN, '--config', configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    process.once('exit', () => this.#child.kill('SIGKILL'))
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#read(line))
    createInterface({ input: this.#child.stderr! }).on('line', (line) => this.complaints.push(line))
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.ended = code ?? signal ?? undefined
        resolve()
      })
    })
  }

  /** Starts it; resolves when it listens. */
  static async start(configFile: string): Promise<SoakServer> {
    const server = new SoakServer(configFile)
    await server.until(() => server.all('listening').length >= 2, 20_000)
    return server
  }

  /** `http://127.0.0.1:PORT` */
  get httpUrl(): string {
    return this.#url('http')
  }

  get rtmpPort(): number {
    return Number(new URL(this.#url('rtmp')).port)
  }

  get httpPort(): number {
    return Number(new URL(this.httpUrl).port)
  }

  /** Events of one name. */
  all(name: string): LogEvent[] {
    return this.events.filter(({ event }) => event === name)
  }

  /** Sends a signal: SIGHUP reads the file again, SIGSTOP and SIGCONT make it stand still. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Samples of `/metrics`, by name and labels as they stand there. */
  async metrics(): Promise<Map<string, number>> {
    const response = await fetch(`${this.httpUrl}/metrics`)
    const samples = new Map<string, number>()
    for (const line of (await response.text()).split('\n')) {
      const space = line.lastIndexOf(' ')
      if (space > 0 && !line.startsWith('#')) samples.set(line.slice(0, space), Number(line.slice(space + 1)))
    }
    return samples
  }

  /** What it holds after a collection of its garbage. */
  async held(): Promise<Held> {
    this.signal('SIGUSR2')
    // Answered after the signal: both wait for a turn of the same loop, and buffers are freed in the one after.
    await this.metrics()
    this.signal('SIGUSR2')
    const metrics = await this.metrics()
    return {
      heap: metrics.get('nodejs_heap_size_used_bytes') ?? Number.NaN,
      external: metrics.get('nodejs_external_memory_bytes') ?? Number.NaN,
      resident: metrics.get('process_resident_memory_bytes') ?? Number.NaN,
      descriptors: this.#descriptors(),
    }
  }

  /** Asks it to end. @returns whether it has within 10 s. */
  async stop(): Promise<boolean> {
    this.signal('SIGCONT')
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), 10_000)
    await this.#exited
    clearTimeout(timer)
    return this.ended !== 'SIGKILL'
  }

  /** Resolves when `condition` holds. @returns whether it did within `limitMs`. */
  async until(condition: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
    const endMs = performance.now() + limitMs
    while (this.ended === undefined && performance.now() < endMs) {
      if (await condition()) return true
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return false
  }

  #read(line: string): void {
    try {
      this.events.push(JSON.parse(line) as LogEvent)
    } catch {
      this.complaints.push(line)
    }
  }

  #url(scheme: string): string {
    const urls = this.all('listening').map(({ url }) => String(url))
    const found = urls.find((url) => url.startsWith(`${scheme}:`))
    if (found === undefined) throw new Error(`the server does not listen:\n${this.complaints.join('\n')}`)
    return found
  }

  #descriptors(): number {
    try {
      return readdirSync(`/proc/${this.#child.pid}/fd`).length
    } catch {
      return 0
    }
  }
}
