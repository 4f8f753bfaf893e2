/** What becomes of a worker when the process has no file descriptors left. */
import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { expect, it, vi } from 'vitest'
import { ChildWorker } from '../../../src/services/ffmpeg/child-worker.ts'

// Node 20 to 24, `ulimit -n 60` and every descriptor in use: spawn() gives a child without pid and without stdio, and says EMFILE later.
function spawnWithoutDescriptors(): ChildProcess {
  const child = Object.assign(new EventEmitter(), {
    pid: undefined,
    stdio: undefined,
    unref: () => undefined,
  })
  process.nextTick(() => {
    child.emit('error', Object.assign(new Error('spawn ffmpeg EMFILE'), { code: 'EMFILE' }))
    child.emit('close', -24, null)
  })
  return child as unknown as ChildProcess
}

it('a program that cannot be given pipes fails in words, and what it was to be fed is let go', async () => {
  const discard = vi.fn<() => void>()
  const attach = vi.fn<() => () => void>()
  const run = {
    command: 'ffmpeg',
    args: [],
    input: true,
    output: 'progress',
    pipes: 1,
    attach,
    discard,
  } as const
  const worker = new ChildWorker({ prepare: () => run, restart: 'never', spawn: spawnWithoutDescriptors })
  const exit = new Promise((resolve) => worker.once('exit', resolve))
  worker.start()
  expect(await exit).toMatchObject({ reason: 'spawn ffmpeg EMFILE', code: null })
  expect([discard.mock.calls.length, attach.mock.calls.length]).toEqual([1, 0])
})
