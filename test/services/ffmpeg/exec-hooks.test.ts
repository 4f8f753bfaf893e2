import { Hub, VirtualClock } from 'millrace/hub'
import { type ExecHook, ExecHooks, type ExecHooksOptions, type WorkerExit } from 'millrace/services/ffmpeg'
import { describe, expect, it, onTestFinished } from 'vitest'

function stage(hook: Partial<ExecHook>, options: Partial<ExecHooksOptions> = {}) {
  const clock = new VirtualClock()
  const hub = new Hub({}, clock)
  const one = { name: 'one', on: 'publish', command: ['sleep', '1000'], ...hook } as ExecHook
  const hooks = new ExecHooks({ hub, clock, niceness: 0, hooks: [one], ...options })
  onTestFinished(() => hooks.close())
  return { clock, hub, hooks }
}

function exitOf(hooks: ExecHooks): Promise<WorkerExit> {
  return new Promise((resolve) => hooks.once('exit', (_hook, _path, exit) => resolve(exit)))
}

function startOf(hooks: ExecHooks): Promise<number> {
  return new Promise((resolve) => hooks.once('start', (_hook, _path, pid) => resolve(pid)))
}

describe('a program for publish', () => {
  it('runs until the publisher leaves', async () => {
    const { hub, hooks } = stage({ match: 'live/*' })
    hub.publish('/other/show')
    const publisher = hub.publish('/live/show')
    const pid = await startOf(hooks)
    expect(hooks.stats()).toMatchObject([{ hook: 'one', streamPath: '/live/show', state: 'running', pid }])
    publisher.unpublish()
    expect(await exitOf(hooks)).toMatchObject({ reason: 'stopped', signal: 'SIGTERM' })
    await expect.poll(() => hooks.stats()).toEqual([])
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  it('is started again as often as it ends, with a limit', async () => {
    const { clock, hub, hooks } = stage({ command: ['true'] }, { maxRestarts: 1 })
    const gone: string[] = []
    hooks.on('giveUp', (hook, streamPath, { reason }) => gone.push(`${hook} ${streamPath} ${reason}`))
    hub.publish('/live/show')
    await exitOf(hooks)
    expect(hooks.stats()).toMatchObject([{ state: 'waiting' }])
    clock.advance(1_000)
    await exitOf(hooks)
    expect([hooks.stats()[0]!.state, gone]).toEqual(['failed', ['one /live/show exited with 0']])
  })

  it('is not when it is not to be', async () => {
    const { hub, hooks } = stage({ command: ['true'], restart: 'on-failure' })
    hub.publish('/live/show')
    await exitOf(hooks)
    expect(hooks.stats()).toMatchObject([{ state: 'ended' }])
  })

  it('is told of the stream, by arguments and environment; no shell sees either', async () => {
    const script = 'printf "%s|" "$@" "$MILLRACE_STREAM" "$MILLRACE_EVENT" "$MILLRACE_VHOST"; echo'
    const { hub, hooks } = stage({
      command: ['sh', '-c', script, 'x', '[stream]', '--app=[app]'],
      restart: 'never',
    })
    hub.publish('/live/-i;echo$(id)')
    await exitOf(hooks)
    expect(hooks.stats()[0]!.log).toEqual([
      '%2Di%3Becho%24%28id%29|--app=live|-i;echo$(id)|publish|__defaultVhost__|',
    ])
  })

  it('that is not there is said by name', async () => {
    const { hub, hooks } = stage({ command: ['no-such-program'] })
    hub.publish('/live/show')
    expect((await exitOf(hooks)).reason).toBe('spawn no-such-program ENOENT')
  })
})

describe('a program for unpublish', () => {
  it('runs once when the publisher has left', async () => {
    const { hub, hooks } = stage({ on: 'unpublish', command: ['echo', '[stream]'] })
    const publisher = hub.publish('/live/show')
    expect(hooks.stats()).toEqual([])
    publisher.unpublish()
    expect(hooks.stats()).toMatchObject([{ state: 'starting' }])
    expect(await exitOf(hooks)).toMatchObject({ reason: 'exited with 0' })
    expect(hooks.stats()).toEqual([])
  })

  it('has its time, and no more', async () => {
    const { clock, hub, hooks } = stage({ on: 'unpublish', hookTimeoutMs: 5_000 })
    hub.publish('/live/show').unpublish()
    await startOf(hooks)
    clock.advance(4_999)
    expect(hooks.stats()).toMatchObject([{ state: 'running' }])
    clock.advance(1)
    expect((await exitOf(hooks)).reason).toMatch(/stalled/)
    expect(hooks.stats()).toEqual([])
  })
})

it('maxWorkers does not count those that are over', async () => {
  const { hub, hooks } = stage({ command: ['true'], restart: 'never' }, { maxWorkers: 1 })
  for (const name of ['/live/a', '/live/b'] as const) {
    hub.publish(name)
    await exitOf(hooks)
  }
  expect(hooks.stats().map(({ streamPath, state }) => `${streamPath} ${state}`)).toEqual([
    '/live/a ended',
    '/live/b ended',
  ])
})

it('maxWorkers run at a time', () => {
  const { hub, hooks } = stage({}, { maxWorkers: 2 })
  const full: string[] = []
  hooks.on('full', (_hook, streamPath) => full.push(streamPath))
  for (const name of ['a', 'b', 'c']) hub.publish(`/live/${name}`)
  expect([hooks.stats().length, full]).toEqual([2, ['/live/c']])
  expect(hooks.service.list!()).toMatchObject([{ streamPath: '/live/a' }, { streamPath: '/live/b' }])
})

it('streams that are published already get theirs, and nothing is left after close', async () => {
  const clock = new VirtualClock()
  const hub = new Hub({}, clock)
  hub.publish('/live/show')
  const hooks = new ExecHooks({
    hub,
    clock,
    hooks: [{ name: 'one', on: 'publish', command: ['sleep', '1000'] }],
  })
  const pid = await startOf(hooks)
  await hooks.close()
  hub.publish('/live/other')
  expect([hooks.stats(), clock.pending]).toEqual([[], 0])
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})

it.each([
  [{ command: [] }],
  [{ command: [''] }],
  [{ command: ['[stream]'] }],
  [{ command: ['x', '[y]'] }],
  [{ on: 'play' }],
])('%j is refused', (hook) => {
  const hooks = [{ name: 'one', on: 'publish', command: ['true'], ...hook }] as unknown as ExecHook[]
  expect(() => new ExecHooks({ hub: new Hub(), hooks })).toThrow(TypeError)
})
