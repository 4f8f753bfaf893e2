import { LimitError } from 'millrace/errors'
import { type AccessRequest, Hub, type Source, VirtualClock } from 'millrace/hub'
import { describe, expect, it, vi } from 'vitest'
import { FakeFormat, FakeSink, inter, key, Stage } from './fakes.ts'

const never = new AbortController().signal

/** Lets promises settle. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

/** The answer of a promise, `'pending'` while there is none. */
function outcome<T>(promise: Promise<T>): () => T | 'pending' {
  let value: T | 'pending' = 'pending'
  void promise.then((result) => (value = result))
  return () => value
}

describe('sources', () => {
  it('appear with their first publish and go after the grace time', () => {
    const clock = new VirtualClock()
    const hub = new Hub({ graceMs: 100 }, clock)
    expect([hub.source('/a/b'), [...hub.sources]]).toEqual([undefined, []])
    const publisher = hub.publish('/a/b')
    hub.publish('/a/c')
    expect(Array.from(hub.sources, ({ streamPath }) => streamPath)).toEqual(['/a/b', '/a/c'])
    publisher.unpublish()
    expect(hub.stats().sources).toBe(2)
    clock.advance(100)
    expect(Array.from(hub.sources, ({ streamPath }) => streamPath)).toEqual(['/a/c'])
  })

  it('maxSources: n are let in, n + 1 is refused, until one goes', () => {
    const clock = new VirtualClock()
    const hub = new Hub({ maxSources: 2, graceMs: 100 }, clock)
    const first = hub.publish('/a/1')
    hub.publish('/a/2')
    expect(() => hub.publish('/a/3')).toThrow(LimitError)
    expect(() => hub.publish('/a/3')).toThrow(expect.objectContaining({ code: 'ERR_TOO_MANY_SOURCES' }))
    first.unpublish()
    expect(() => hub.publish('/a/3')).toThrow(LimitError)
    hub.publish('/a/1').unpublish()
    clock.advance(100)
    hub.publish('/a/3')
    expect(hub.stats().sources).toBe(2)
  })
})

describe('players that ask for a stream', () => {
  it('get it at once when it is there, also within its grace time', async () => {
    const stage = new Stage({ resolveSource: () => Promise.reject(new Error('not asked')) })
    expect(await stage.hub.findSource('/live/show', never)).toBe(stage.source)
    stage.publisher.unpublish()
    expect(await stage.hub.findSource('/live/show', never)).toBe(stage.source)
  })

  it('wait for a publisher, all of them, and only for publisherWaitMs', async () => {
    const clock = new VirtualClock()
    const hub = new Hub({ publisherWaitMs: 3_000 }, clock)
    const early = [outcome(hub.findSource('/a/b', never)), outcome(hub.findSource('/a/b', never))]
    const other = outcome(hub.findSource('/a/other', never))
    expect(hub.stats().waiting).toBe(3)
    clock.advance(2_999)
    hub.publish('/a/b')
    await settle()
    expect(early.map((get) => get())).toEqual([hub.source('/a/b'), hub.source('/a/b')])
    expect([other(), hub.stats().waiting]).toEqual(['pending', 1])
    clock.advance(1)
    await settle()
    expect([other(), hub.stats().waiting, clock.pending]).toEqual([undefined, 0, 0])
  })

  it('of random names create nothing', async () => {
    const clock = new VirtualClock()
    const hub = new Hub({}, clock)
    const asked = Array.from({ length: 1_000 }, (_, i) =>
      hub.findSource(`/live/${i * 7919}`, new AbortController().signal),
    )
    expect(hub.stats()).toEqual({ sources: 0, players: 0, waiting: 1_000, deciding: 0 })
    clock.advance(3_000)
    expect(new Set(await Promise.all(asked))).toEqual(new Set([undefined]))
    expect([hub.stats().waiting, clock.pending, [...hub.sources]]).toEqual([0, 0, []])
  })

  it('do not wait with publisherWaitMs 0, nor when they have gone already', async () => {
    const clock = new VirtualClock()
    const hub = new Hub({ publisherWaitMs: 0 }, clock)
    expect(await hub.findSource('/a/b', never)).toBeUndefined()
    expect(await new Hub({}, clock).findSource('/a/b', AbortSignal.abort())).toBeUndefined()
    expect(clock.pending).toBe(0)
  })

  it('may leave while they wait, one by one', async () => {
    const clock = new VirtualClock()
    const hub = new Hub({}, clock)
    const controller = new AbortController()
    const gone = outcome(hub.findSource('/a/b', controller.signal))
    const stays = outcome(hub.findSource('/a/b', never))
    controller.abort()
    await settle()
    expect([gone(), stays(), hub.stats().waiting]).toEqual([undefined, 'pending', 1])
    hub.publish('/a/b')
    await settle()
    expect(stays()).toBe(hub.source('/a/b'))
  })

  it('are not given a source that a listener closed', async () => {
    const clock = new VirtualClock()
    const hub = new Hub({}, clock)
    hub.once('publish', (source) => source.close())
    const asked = outcome(hub.findSource('/a/b', never))
    hub.publish('/a/b')
    await settle()
    expect(asked()).toBe('pending')
    hub.publish('/a/b')
    await settle()
    expect(asked()).toBe(hub.source('/a/b'))
  })
})

describe('a crowd of players', () => {
  function crowd(hub: Hub, count: number, gone?: AbortController) {
    const found: (Source | undefined)[] = []
    for (let i = 0; i < count; i++) {
      const { signal } = gone ?? new AbortController()
      void hub.findSource('/a/b', signal).then((source) => found.push(source))
    }
    return found
  }

  it('that waits for a publisher is let in 32 a turn', async () => {
    const clock = new VirtualClock()
    const defer = vi.spyOn(clock, 'defer')
    const hub = new Hub({ publisherWaitMs: 500 }, clock)
    const found = crowd(hub, 100)
    hub.publish('/a/b')
    await settle()
    expect([found.length, hub.stats().waiting]).toEqual([32, 0])
    clock.turn()
    await settle()
    expect([found, clock.pending]).toEqual([Array(100).fill(hub.source('/a/b')), 0])
    // 32 at once, and 32, 32 and 4.
    expect(defer).toHaveBeenCalledTimes(3)
  })

  it('that asks for a stream which is there is let in 32 a turn; those who come one by one wait for nobody', async () => {
    const clock = new VirtualClock()
    const hub = new Hub({}, clock)
    hub.publish('/a/b')
    const found = crowd(hub, 33)
    await settle()
    expect([found.length, clock.pending]).toEqual([32, 1])
    clock.turn()
    crowd(hub, 1)
    await settle()
    expect([found.length, clock.pending]).toEqual([33, 0])
  })

  it('gets nothing when the stream has ended, or its peer has gone, before it is its turn', async () => {
    const clock = new VirtualClock()
    const hub = new Hub({}, clock)
    const { source } = hub.publish('/a/b')
    crowd(hub, 32)
    const gone = new AbortController()
    const absent = crowd(hub, 1, gone)
    await settle()
    gone.abort()
    clock.turn()
    await settle()
    expect(absent).toEqual([undefined])
    crowd(hub, 32)
    const late = crowd(hub, 1)
    source.close()
    clock.turn()
    await settle()
    expect(late).toEqual([undefined])
  })
})

describe('resolveSource', () => {
  function asking(options: { resolveTimeoutMs?: number; publisherWaitMs?: number } = {}) {
    const clock = new VirtualClock()
    const calls: {
      path: string
      signal: AbortSignal
      answer: (source?: Source) => void
      fail: (e: Error) => void
    }[] = []
    const errors: unknown[] = []
    const hub = new Hub(
      {
        ...options,
        resolveSource: (path, signal) =>
          new Promise((answer, fail) =>
            calls.push({ path, signal, answer: (source) => answer(source), fail }),
          ),
      },
      clock,
    )
    hub.on('resolveError', (error, path) => errors.push([path, error]))
    return { clock, hub, calls, errors }
  }

  it('is asked once for all players that wait for a stream', async () => {
    const { clock, hub, calls } = asking()
    const asked = Array.from({ length: 1_000 }, () => hub.findSource('/a/b', new AbortController().signal))
    void hub.findSource('/a/other', never)
    expect(calls.map(({ path }) => path)).toEqual(['/a/b', '/a/other'])
    const remote = new Stage().source
    calls[0]!.answer(remote)
    await settle()
    clock.turn()
    expect(new Set(await Promise.all(asked))).toEqual(new Set([remote]))
    expect([hub.stats().waiting, calls[0]!.signal.aborted]).toEqual([1, false])
  })

  it('may publish to the hub; its signal does not abort then', async () => {
    const { clock, hub, calls } = asking()
    const asked = outcome(hub.findSource('/a/b', never))
    hub.publish('/a/b')
    await settle()
    expect([asked(), calls[0]!.signal.aborted, clock.pending]).toEqual([hub.source('/a/b'), false, 0])
    calls[0]!.answer(hub.source('/a/b'))
    await settle()
    expect(hub.stats().waiting).toBe(0)
  })

  it('is followed by the wait for a publisher when it finds nothing', async () => {
    const { clock, hub, calls } = asking({ publisherWaitMs: 500 })
    const asked = outcome(hub.findSource('/a/b', never))
    clock.advance(5_000)
    calls[0]!.answer(undefined)
    await settle()
    clock.advance(499)
    await settle()
    expect(asked()).toBe('pending')
    clock.advance(1)
    await settle()
    expect([asked(), clock.pending]).toEqual([undefined, 0])
  })

  it('is asked again for those who come after its answer', async () => {
    const { clock, hub, calls } = asking({ publisherWaitMs: 500 })
    const first = outcome(hub.findSource('/a/b', never))
    calls[0]!.answer(undefined)
    await settle()
    const second = outcome(hub.findSource('/a/b', never))
    expect(calls).toHaveLength(2)
    clock.advance(500)
    await settle()
    expect([first(), second()]).toEqual([undefined, 'pending'])
    const remote = new Stage().source
    calls[1]!.answer(remote)
    await settle()
    expect([second(), clock.pending]).toEqual([remote, 0])
  })

  it.each(['rejects', 'throws'] as const)(
    'that %s is told as an event, and the players wait',
    async (how) => {
      const clock = new VirtualClock()
      const error = new Error('no origin')
      const seen: unknown[] = []
      const hub = new Hub(
        {
          publisherWaitMs: 100,
          resolveSource: () => {
            if (how === 'throws') throw error
            return Promise.reject(error)
          },
        },
        clock,
      )
      hub.on('resolveError', (cause, path) => seen.push(cause, path))
      const asked = outcome(hub.findSource('/a/b', never))
      await settle()
      expect([asked(), seen]).toEqual(['pending', [error, '/a/b']])
      clock.advance(100)
      await settle()
      expect([asked(), clock.pending]).toEqual([undefined, 0])
    },
  )

  it('that takes longer than resolveTimeoutMs is aborted; its late answer counts for nobody', async () => {
    const { clock, hub, calls, errors } = asking({ resolveTimeoutMs: 1_000, publisherWaitMs: 200 })
    const asked = outcome(hub.findSource('/a/b', never))
    clock.advance(1_000)
    await settle()
    expect([asked(), calls[0]!.signal.aborted]).toEqual(['pending', true])
    expect(errors).toEqual([['/a/b', expect.objectContaining({ code: 'ERR_RESOLVE_TIMEOUT' })]])
    calls[0]!.answer(new Stage().source)
    calls[0]!.fail(new Error('late'))
    clock.advance(200)
    await settle()
    expect([asked(), errors.length, clock.pending]).toEqual([undefined, 1, 0])
  })

  it('is aborted when the last player has gone, not before', async () => {
    const { clock, hub, calls } = asking()
    const one = new AbortController()
    const two = new AbortController()
    void hub.findSource('/a/b', one.signal)
    void hub.findSource('/a/b', two.signal)
    one.abort()
    expect(calls[0]!.signal.aborted).toBe(false)
    two.abort()
    await settle()
    expect([calls[0]!.signal.aborted, clock.pending, hub.stats().waiting]).toEqual([true, 0, 0])
    // Whoever comes next asks anew.
    void hub.findSource('/a/b', never)
    expect(calls).toHaveLength(2)
    calls[0]!.answer(new Stage().source)
    await settle()
    expect(hub.stats().waiting).toBe(1)
  })

  it('that answers with a closed source has found nothing', async () => {
    const { clock, hub, calls } = asking({ publisherWaitMs: 0 })
    const asked = outcome(hub.findSource('/a/b', never))
    const { source } = new Stage()
    source.close()
    calls[0]!.answer(source)
    await settle()
    expect([asked(), clock.pending]).toEqual([undefined, 0])
  })
})

describe('close', () => {
  it('ends sources and those who wait, leaves no timer, and stays', async () => {
    const clock = new VirtualClock()
    const hub = new Hub(
      { resolveSource: (path) => (path === '/a/x' ? new Promise(() => {}) : Promise.resolve(undefined)) },
      clock,
    )
    const publisher = hub.publish('/a/b')
    hub.publish('/a/c').unpublish()
    const sink = new FakeSink()
    sink.player = hub.source('/a/b')!.attach(sink, { format: new FakeFormat() })
    publisher.write(key(0, 1))
    const waiting = [outcome(hub.findSource('/a/x', never)), outcome(hub.findSource('/a/y', never))]
    await settle()
    hub.close()
    hub.close()
    clock.turn()
    await settle()
    expect(waiting.map((get) => get())).toEqual([undefined, undefined])
    expect([sink.ended, sink.said, publisher.ended]).toEqual([['closed'], '[] V1', 'closed'])
    expect([hub.stats(), clock.pending, hub.closed]).toEqual([
      { sources: 0, players: 0, waiting: 0, deciding: 0 },
      0,
      true,
    ])
    expect(() => hub.publish('/a/b')).toThrow(RangeError)
    expect(await hub.findSource('/a/b', never)).toBeUndefined()
  })

  it('by a listener of its own events', () => {
    const clock = new VirtualClock()
    const hub = new Hub({}, clock)
    for (let i = 0; i < 5; i++) hub.publish(`/a/${i}`)
    let closed = 0
    hub.on('close', () => {
      closed++
      hub.close()
    })
    hub.source('/a/2')!.close()
    expect([closed, hub.stats().sources, clock.pending]).toEqual([5, 0, 0])
  })
})

describe('options', () => {
  it.each([
    ['gops', 0],
    ['maxCacheBytes', 0],
    ['maxCachePackets', 0],
    ['sinkBudgetBytes', 0],
    ['maxSources', 0],
    ['graceMs', -1],
    ['maxLagMs', Number.NaN],
    ['maxHoldMs', -0.5],
  ])('%s %d is out of range', (name, value) => {
    expect(() => new Hub({ [name]: value })).toThrow(RangeError)
    expect(() => new Hub({ [name]: value })).toThrow(name)
  })

  it('undefined is the default', () => {
    const clock = new VirtualClock()
    const hub = new Hub({ graceMs: undefined } as object, clock)
    hub.publish('/a/b').unpublish()
    clock.advance(9_999)
    expect(hub.stats().sources).toBe(1)
    clock.advance(1)
    expect(hub.stats().sources).toBe(0)
  })

  it('can be changed while streams run', () => {
    const stage = new Stage({ graceMs: 100, secondPublisher: 'refuse', gops: 1 })
    stage.write(key(0, 1), inter(500, 2))
    stage.hub.setOptions({
      graceMs: 5_000,
      secondPublisher: 'take-over',
      start: 'keyframe',
      gops: 3,
      maxHoldMs: 7,
    })
    const sink = stage.attach()
    stage.write(key(1_000, 3), key(2_000, 4))
    expect(sink.said).toBe('[] V3 V4')
    expect(stage.source.log.first).toBe(0)
    const second = stage.hub.publish('/live/show')
    second.unpublish()
    stage.clock.advance(4_999)
    expect(stage.source.closed).toBe(false)
    stage.hub.setOptions({ start: 'gop' })
    stage.clock.advance(1)
    expect(stage.source.closed).toBe(true)
  })

  it('that are not named in a change stay, the door above all', async () => {
    const hub = new Hub({ authorize: () => false, maxSources: 1 }, new VirtualClock())
    hub.setOptions({ graceMs: 1, authorize: undefined } as object)
    expect(await hub.authorize({ streamPath: '/a/1' } as unknown as AccessRequest, never)).toMatchObject({
      type: 'reject',
    })
    hub.publish('/a/1')
    expect(() => hub.publish('/a/2')).toThrow(LimitError)
  })

  it('bounds hold from the next packet on', () => {
    const stage = new Stage()
    stage.write(key(0, 0))
    for (let i = 1; i < 20; i++) stage.write(inter(i, i))
    stage.hub.setOptions({ maxCachePackets: 5 })
    stage.write(inter(20, 20))
    expect(stage.source.log.head - stage.source.log.first).toBe(5)
  })

  it('are refused as a whole', () => {
    const stage = new Stage({ graceMs: 50 })
    expect(() => stage.hub.setOptions({ graceMs: 5_000, gops: 0 })).toThrow(RangeError)
    stage.publisher.unpublish()
    stage.clock.advance(50)
    expect(stage.source.closed).toBe(true)
  })
})
