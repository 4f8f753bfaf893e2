/** Foreign processes in tests: bounded in time, output kept, ended by their own pid when the test is over. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createConnection, createServer } from 'node:net'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'

export interface ProcessOptions {
  readonly cwd?: string
  /** Added to the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>
  /** Written to standard input, which is then closed. Default: no standard input. */
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>
  /** The process starts children of its own (`npm`, a shell): end the whole group. */
  readonly group?: boolean
}

export interface RunOptions extends ProcessOptions {
  /** Default 30,000. The process is killed and `run` rejects after this time. */
  readonly timeoutMs?: number
}

export interface RunResult {
  /** Exit code; `null` after a signal. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: Buffer
  readonly stderr: string
}

const running = new Set<RunningProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A started process. Stopped at the end of the test that started it, or of the file when a hook did. */
export class RunningProcess {
  readonly pid: number
  /** Settles when the process is gone and its output is complete. Never rejects. */
  readonly exited: Promise<RunResult>
  readonly #child: ChildProcess
  readonly #group: boolean
  readonly #stdout: Buffer[] = []
  #stderr = ''
  #listeners: (() => void)[] = []

  constructor(command: string, args: readonly string[], options: ProcessOptions) {
    this.#group = options.group ?? false
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: this.#group,
    })
    this.#child = child
    this.pid = child.pid ?? 0
    child.stdout?.on('data', (data: Buffer) => {
      this.#stdout.push(data)
      this.#notify()
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#notify()
    })
    // A peer may leave before it has read everything.
    child.stdin?.on('error', () => {})
    if (typeof options.input === 'object' && Symbol.asyncIterator in options.input) {
      Readable.from(options.input).pipe(child.stdin!)
    } else child.stdin?.end(options.input)
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        running.delete(this)
        resolve({ code, signal, stdout: Buffer.concat(this.#stdout), stderr: this.#stderr })
        this.#notify()
      }
      child.once('close', end)
      child.once('error', (error) => {
        this.#stderr += String(error)
        end(null, null)
      })
    })
    running.add(this)
  }

  /** Everything written so far, both outputs, for `waitForOutput` and for failure messages. */
  get output(): string {
    return Buffer.concat(this.#stdout).toString() + this.#stderr
  }

  /** Resolves with the match once the output has it; rejects when the process ends or `timeoutMs` passes first. */
  async waitForOutput(pattern: RegExp, timeoutMs = 15_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const match = pattern.exec(this.output)
      if (match !== null) return match
      if (!running.has(this)) throw new Error(`ended before ${pattern} was printed:\n${this.output}`)
      if (Date.now() >= deadline) throw new Error(`no ${pattern} within ${timeoutMs} ms:\n${this.output}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now())
        this.#listeners.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** What it has written to its standard error so far. */
  get stderr(): string {
    return this.#stderr
  }

  kill(signal: NodeJS.Signals): void {
    if (this.pid === 0 || !running.has(this)) return
    try {
      if (this.#group) process.kill(-this.pid, signal)
      else this.#child.kill(signal)
    } catch {
      // Gone between the check and the call.
    }
  }

  /** SIGTERM, then SIGKILL after 3 s. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<RunResult> {
    this.kill(signal)
    const timer = setTimeout(() => this.kill('SIGKILL'), 3_000)
    const result = await this.exited
    clearTimeout(timer)
    return result
  }

  #notify(): void {
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}

/** Starts a process that the test talks to: a server, an encoder, a player. */
export function start(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): RunningProcess {
  const child = new RunningProcess(command, args, options)
  try {
    onTestFinished(async () => {
      await child.stop()
    })
  } catch {
    // Started by a hook: stop-processes.ts ends it with the file.
  }
  return child
}

/** Runs a program to its end and returns what it printed. A non-zero exit code is a result, not an error. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const child = new RunningProcess(command, args, options)
  const timeoutMs = options.timeoutMs ?? 30_000
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
  }, timeoutMs)
  const result = await child.exited
  clearTimeout(timer)
  if (timedOut) throw new Error(`${command} did not end within ${timeoutMs} ms:\n${child.output}`)
  return result
}

/** Stops what is still running: `stop-processes.ts` calls it at the end of each file. */
export async function stopAll(): Promise<void> {
  await Promise.all(Array.from(running, (child) => child.stop()))
}

/**
 * A port for a foreign server that cannot be asked which one it got (nginx). Our own servers listen on port 0
 * and say where they are.
 */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no TCP port')
  return address.port
}

/** Resolves when somebody listens on a port of this machine; rejects with what the process said when nobody does for 10 s. */
export async function portAnswers(port: number, process: RunningProcess): Promise<void> {
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 200) throw new Error(`nobody listens on ${port}:\n${process.output}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
