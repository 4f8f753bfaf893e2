import { constants, getPriority } from 'node:os'
import { VirtualClock } from 'millrace/hub'
import type { WorkerExit } from 'millrace/services/ffmpeg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChildWorker } from '../../../src/services/ffmpeg/child-worker.ts'
import type { ChildWorkerOptions, WorkerRun } from '../../../src/services/ffmpeg/child-worker-options.ts'

/** A program of ours in the place of ffmpeg. */
function script(code: string, run: Partial<WorkerRun> = {}): WorkerRun {
  return { command: process.execPath, args: ['-e', code], output: 'log', ...run }
}

function workerOf(run: WorkerRun, options: Partial<ChildWorkerOptions> = {}): ChildWorker {
  const worker = new ChildWorker({ prepare: () => run, restart: 'never', niceness: 0, ...options })
  onTestFinished(() => worker.stop())
  return worker
}

async function exitOf(worker: ChildWorker): Promise<WorkerExit> {
  return new Promise((resolve) => worker.once('exit', resolve))
}

async function startOf(worker: ChildWorker): Promise<number> {
  return new Promise((resolve) => worker.once('start', resolve))
}

/** Runs it to its end. */
async function ran(worker: ChildWorker): Promise<WorkerExit> {
  worker.start()
  return exitOf(worker)
}

const FOREVER = 'process.stdin.resume(); setInterval(() => {}, 1000)'

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a run', () => {
  it('ends with its code, what it said on both outputs, and its state', async () => {
    const worker = workerOf(script(`console.log('out'); console.error('err'); process.exit(3)`))
    expect(worker.stats()).toMatchObject({ state: 'idle', starts: 0, lastExit: undefined, log: [] })
    expect(await ran(worker)).toMatchObject({ reason: 'exited with 3', code: 3, signal: null })
    expect(worker.stats()).toMatchObject({ state: 'failed', starts: 1, pid: undefined, runningMs: 0 })
    expect(worker.stats().log.toSorted()).toEqual(['err', 'out'])
  })

  it('that ends well has done its work', async () => {
    const worker = workerOf(script(''), { restart: 'on-failure' })
    expect(await ran(worker)).toMatchObject({ reason: 'exited with 0', code: 0 })
    expect(worker.state).toBe('ended')
  })

  it('names the signal that ended it', async () => {
    const worker = workerOf(script(`process.kill(process.pid, 'SIGKILL')`))
    expect(await ran(worker)).toMatchObject({ reason: 'killed by SIGKILL', code: null, signal: 'SIGKILL' })
  })

  it('of a program that is not there fails in words', async () => {
    const worker = workerOf({ command: 'no-such-program', args: [], output: 'log' })
    expect(await ran(worker)).toMatchObject({ reason: 'spawn no-such-program ENOENT', code: null })
    expect(worker.state).toBe('failed')
  })

  it('with an argument that no program can be given fails in words', async () => {
    let discarded = 0
    const exit = await ran(workerOf(script('', { args: ['a\0b'], discard: () => discarded++ })))
    expect(exit.reason).toMatch(/null bytes/)
    expect(discarded).toBe(1)
  })

  it('that is stopped as soon as it is prepared lets go of what it was to be fed', async () => {
    const discarded = new Promise((resolve) => {
      const worker = workerOf(script('', { discard: () => resolve(worker.state) }))
      worker.start()
      void worker.stop()
    })
    expect(await discarded).toBe('idle')
  })

  it('gets its arguments as they are, whatever a shell would make of them', async () => {
    const args = [
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)))',
      '--',
      '-i',
      ';rm -rf /',
      '$(id)',
      '../',
    ]
    const worker = workerOf(script('', { args }))
    await ran(worker)
    expect(worker.stats().log).toEqual([JSON.stringify(args.slice(3))])
  })

  it('reports its progress, and may go on to its end when it is stopped', async () => {
    const report =
      'frame=50\\nfps=25.0\\nbitrate= 512.5kbits/s\\nout_time_us=2000000\\nspeed=1.01x\\nprogress=continue\\n'
    const code = `process.stdout.write('${report}'); process.stdin.resume().on('end', () => process.exit(0))`
    let endInput = (): unknown => undefined
    const worker = workerOf(
      script(code, {
        input: true,
        output: 'progress',
        attach: (child) => {
          endInput = () => child.stdin!.end()
          return () => undefined
        },
      }),
    )
    worker.start()
    const pid = await startOf(worker)
    expect(worker.stats()).toMatchObject({ state: 'running', pid, starts: 1 })
    endInput()
    await worker.stop(10_000)
    expect(worker.stats()).toMatchObject({
      state: 'idle',
      progress: { frames: 50, fps: 25, bitrateKbps: 512.5, outTimeMs: 2_000, speed: 1.01 },
      lastExit: { reason: 'stopped', code: 0 },
    })
  })

  it('has more pipes, which are connected while it lasts', async () => {
    const events: string[] = []
    const worker = workerOf(
      script(`require('fs').writeSync(4, 'four')`, {
        pipes: 2,
        attach: (child) => {
          child.stdio[4]!.on('data', (data) => events.push(String(data)))
          return () => events.push('detached')
        },
      }),
    )
    await ran(worker)
    expect(events).toEqual(['four', 'detached'])
  })

  it('has the priority and the folder it is given, and variables on top of ours', async () => {
    const worker = workerOf(
      script(`console.log(process.cwd(), process.env.STREAM, process.env.PATH === undefined)`, {
        env: { STREAM: 'show' },
        cwd: '/',
      }),
    )
    await ran(worker)
    expect(worker.stats().log).toEqual(['/ show false'])
    const nice = workerOf(script(FOREVER), { niceness: constants.priority.PRIORITY_LOW })
    nice.start()
    const pid = await startOf(nice)
    expect(getPriority(pid)).toBe(constants.priority.PRIORITY_LOW)
  })
})

describe('stopping', () => {
  it('ends what ignores SIGTERM, and what that has started', async () => {
    // The child's own child would live on for an hour.
    const code = `process.on('SIGTERM', () => {});
      const { spawn } = require('child_process');
      console.log(spawn('sleep', ['3600']).pid); setInterval(() => {}, 1000)`
    const worker = workerOf(
      script(code, {
        output: 'pipe',
        attach: (child) => {
          child.stdout!.setEncoding('utf8').once('data', (text: string) => {
            grandchild = Number(text)
            heard()
          })
          return () => undefined
        },
      }),
      { stopTimeoutMs: 50 },
    )
    let grandchild = 0
    let heard = (): void => undefined
    const started = new Promise<void>((resolve) => (heard = resolve))
    worker.start()
    await started
    const { pid } = worker.stats()
    expect([isAlive(pid!), isAlive(grandchild)]).toEqual([true, true])
    await worker.stop()
    expect(worker.stats()).toMatchObject({
      state: 'idle',
      lastExit: { reason: 'stopped', signal: 'SIGKILL' },
    })
    expect(isAlive(pid!)).toBe(false)
    await expect.poll(() => isAlive(grandchild)).toBe(false)
  })

  it('is over at once when nothing runs, and the same for all who ask', async () => {
    const worker = workerOf(script(FOREVER, { input: true }))
    await worker.stop()
    worker.start()
    await startOf(worker)
    expect(worker.stop()).toBe(worker.stop())
    await worker.stop()
    expect(worker.state).toBe('idle')
  })

  it('aborts what is being prepared', async () => {
    let signal: AbortSignal | undefined
    const worker = new ChildWorker({
      prepare: (given) => {
        signal = given
        return new Promise(() => undefined)
      },
      restart: 'always',
    })
    worker.start()
    expect(worker.state).toBe('starting')
    await worker.stop()
    expect([worker.state, signal!.aborted]).toEqual(['idle', true])
  })
})

describe('starting again', () => {
  it('waits longer each time, gives up after the limit, and can be started anew', async () => {
    const clock = new VirtualClock()
    const worker = workerOf(script('process.exit(1)'), {
      restart: 'always',
      clock,
      minRestartDelayMs: 1_000,
      maxRestartDelayMs: 3_000,
      maxRestarts: 3,
    })
    const waits: number[] = []
    worker.start()
    for (let i = 0; i < 3; i++) {
      await exitOf(worker)
      waits.push(worker.stats().nextStartMs!)
      clock.advance(waits.at(-1)! - 1)
      expect(worker.state).toBe('waiting')
      clock.advance(1)
    }
    await exitOf(worker)
    expect(worker.stats()).toMatchObject({ state: 'failed', starts: 4, nextStartMs: undefined })
    expect(clock.pending).toBe(0)
    // Half of each wait may be taken away at random.
    for (const [i, most] of [1_000, 2_000, 3_000].entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(most / 2)
      expect(waits[i]).toBeLessThanOrEqual(most)
    }
    worker.start()
    await exitOf(worker)
    expect(worker.state).toBe('waiting')
  })

  it('counts from the beginning after a run that lasted', async () => {
    const clock = new VirtualClock()
    const worker = workerOf(
      script('process.stdin.resume()', {
        input: true,
        attach: (child) => {
          stdinOf = () => child.stdin!.end()
          return () => undefined
        },
      }),
      { restart: 'always', clock, maxRestarts: 1, stableAfterMs: 5_000 },
    )
    let stdinOf = (): unknown => undefined
    worker.start()
    for (let run = 0; run < 3; run++) {
      await startOf(worker)
      clock.advance(5_000)
      stdinOf()
      expect(await exitOf(worker)).toMatchObject({ code: 0, ranMs: 5_000 })
      expect(worker.state).toBe('waiting')
      clock.advance(1_000)
    }
  })

  it('is for failures alone when it is said so', async () => {
    const codes = [1, 0]
    const clock = new VirtualClock()
    const worker = new ChildWorker({
      prepare: () => script(`process.exit(${codes.shift()})`),
      restart: 'on-failure',
      clock,
      niceness: 0,
    })
    await ran(worker)
    expect(worker.state).toBe('waiting')
    clock.advance(1_000)
    await exitOf(worker)
    expect(worker.state).toBe('ended')
  })

  it('follows a run that was ended for what it did, whatever its code', async () => {
    const clock = new VirtualClock()
    const worker = workerOf(script('process.stdin.resume()', { input: true }), {
      restart: 'on-failure',
      clock,
    })
    worker.start()
    await startOf(worker)
    worker.fail('no FLV')
    expect(await exitOf(worker)).toMatchObject({ reason: 'no FLV' })
    expect(worker.state).toBe('waiting')
  })

  it('follows a run that could not be prepared', async () => {
    const clock = new VirtualClock()
    const worker = new ChildWorker({
      prepare: () => Promise.reject(new Error('nothing to read')),
      restart: 'always',
      clock,
      maxRestarts: 0,
    })
    expect(await ran(worker)).toMatchObject({ reason: 'nothing to read', code: null })
    expect(worker.stats()).toMatchObject({ state: 'failed', starts: 0 })
  })

  it('does not happen when there is nothing to do', async () => {
    const worker = new ChildWorker({ prepare: () => undefined, restart: 'always' })
    worker.start()
    await expect.poll(() => worker.state).toBe('ended')
  })
})

it('a run without a sign of life is ended', async () => {
  const clock = new VirtualClock()
  const worker = workerOf(script(FOREVER), { restart: 'always', clock, stallMs: 10_000 })
  worker.start()
  await startOf(worker)
  clock.advance(6_000)
  worker.touch()
  clock.advance(9_999)
  expect(worker.state).toBe('running')
  clock.advance(1)
  expect(await exitOf(worker)).toMatchObject({ reason: 'stalled: nothing for 10000 ms' })
})

it('keeps what is secret out of its log', async () => {
  const worker = workerOf(script(`console.error('rtsp://user:s3cret@cam/1?key=abcd: s3cret is wrong')`), {
    secrets: ['s3cret'],
  })
  await ran(worker)
  expect(worker.stats().log).toEqual(['rtsp://***@cam/1?key=*** *** is wrong'])
})
