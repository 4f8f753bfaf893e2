import { expect, it } from 'vitest'
import { workerInfo } from '../../../src/services/ffmpeg/worker-info.ts'

const IDLE = {
  state: 'idle',
  pid: undefined,
  starts: 0,
  runningMs: 0,
  nextStartMs: undefined,
  progress: undefined,
  lastExit: undefined,
  log: [],
} as const

it('leaves out what there is none of', () => {
  expect(workerInfo(IDLE)).toEqual({ state: 'idle', starts: 0 })
})

it('says how the last run ended, and what was said', () => {
  const lastExit = { reason: 'exited with 1', code: 1, signal: null, ranMs: 1_250 }
  expect(
    workerInfo({ ...IDLE, state: 'waiting', starts: 1, nextStartMs: 900, lastExit, log: ['no frame!'] }),
  ).toEqual({
    state: 'waiting',
    starts: 1,
    nextStartMs: 900,
    lastExit: 'exited with 1, after 1.3 s',
    log: ['no frame!'],
  })
})
