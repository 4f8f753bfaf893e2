import { expect, it } from 'vitest'
import { ConcurrencyLimit } from '../../src/services/concurrency-limit.ts'

/** Tasks that run until they are told to end. */
function stage(limit: ConcurrencyLimit) {
  const started: string[] = []
  const ends = new Map<string, (error?: Error) => void>()
  const add = (name: string, signal?: AbortSignal): Promise<string> =>
    limit.run(() => {
      started.push(name)
      return new Promise<string>((resolve, reject) =>
        ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error))),
      )
    }, signal)
  return { started, add, end: (name: string, error?: Error) => ends.get(name)!(error) }
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

it('starts what there is room for at once, and the others in order', async () => {
  const limit = new ConcurrencyLimit(2)
  const { started, add, end } = stage(limit)
  const all = ['a', 'b', 'c', 'd'].map((name) => add(name))
  expect([started, limit.running, limit.waiting]).toEqual([['a', 'b'], 2, 2])
  end('b')
  await turns()
  expect([started, limit.running, limit.waiting]).toEqual([['a', 'b', 'c'], 2, 1])
  end('a')
  await turns()
  end('c')
  end('d')
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
  expect([limit.running, limit.waiting]).toEqual([0, 0])
})

it('gives the place of a task that fails to the next', async () => {
  const limit = new ConcurrencyLimit(1)
  const { started, add, end } = stage(limit)
  const failing = add('a')
  const next = add('b')
  end('a', new Error('no'))
  await expect(failing).rejects.toThrow('no')
  expect(started).toEqual(['a', 'b'])
  end('b')
  await next
})

it('forgets a task whose wait is given up, and leaves one that runs alone', async () => {
  const limit = new ConcurrencyLimit(1)
  const { started, add, end } = stage(limit)
  const abort = new AbortController()
  const running = add('a', abort.signal)
  const waiting = add('b', abort.signal)
  const last = add('c')
  abort.abort(new Error('gone'))
  await expect(waiting).rejects.toThrow('gone')
  await expect(add('d', abort.signal)).rejects.toThrow('gone')
  end('a')
  expect(await running).toBe('a')
  await turns()
  expect(started).toEqual(['a', 'c'])
  end('c')
  await last
})

it('is full when the line is as long as it may be', async () => {
  const limit = new ConcurrencyLimit(1, 1)
  const { add, end } = stage(limit)
  const first = add('a')
  expect(limit.isFull).toBe(false)
  const second = add('b')
  expect(limit.isFull).toBe(true)
  end('a')
  await first
  expect(limit.isFull).toBe(false)
  end('b')
  await second
})

it('is idle when nothing runs or waits', async () => {
  const limit = new ConcurrencyLimit(1)
  await limit.idle()
  const { add, end } = stage(limit)
  void add('a')
  void add('b')
  let isIdle = false
  const idle = limit.idle().then(() => (isIdle = true))
  end('a')
  await turns()
  expect(isIdle).toBe(false)
  end('b')
  await idle
})
