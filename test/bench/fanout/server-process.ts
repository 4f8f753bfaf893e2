/** Starts server.ts on a core of its own and asks it for its counters. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { BenchServer, ServerReady, ServerSample, ServerSettings } from './settings.ts'

/** Whether processes can be held on one core: Linux with `taskset`, and more than one core. */
export const CAN_PIN =
  process.platform === 'linux' &&
  availableParallelism() > 1 &&
  spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0

/** Holds this process on `core`. */
export function pinSelf(core: number): void {
  spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' })
}

/** A server under load. */
export class ServerProcess implements BenchServer {
  readonly ready: ServerReady
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, ready: ServerReady) {
    this.ready = ready
    this.#child = child
  }

  /** @param core - where it runs, `undefined` for anywhere. */
  static async start(
    settings: ServerSettings,
    core: number | undefined,
    nodeFlags: readonly string[],
  ): Promise<ServerProcess> {
    const node = [
      process.execPath,
      ...nodeFlags,
      join(import.meta.dirname, 'server.js'),
      JSON.stringify(settings),
    ]
    const [command, ...args] = core === undefined ? node : ['taskset', '-c', String(core), ...node]
    const child = spawn(command!, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    return new ServerProcess(child, await nextMessage<ServerReady>(child))
  }

  sample(): Promise<ServerSample> {
    const answer = nextMessage<ServerSample>(this.#child)
    this.#child.send('sample')
    return answer
  }

  /** Ends it; a profiler (`--node-flag --cpu-prof`) gets to write its file. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.disconnect()
    await ended
  }
}

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, fail) => {
    const onExit = (code: number | null): void => fail(new Error(`the server ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message as T)
    })
  })
}
