import fc from 'fast-check'
import { MediaError } from 'millrace/errors'
import {
  accept,
  type AccessDecision,
  type AccessRequest,
  type Authorize,
  Hub,
  type HubOptions,
  type Publisher,
  redirect,
  reject,
  VirtualClock,
  type StreamPath,
} from 'millrace/hub'
import { describe, expect, it } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'
import { key } from './fakes.ts'

const request: AccessRequest = {
  action: 'publish',
  protocol: 'rtmp',
  vhost: '',
  app: 'live',
  streamName: 's3cret',
  streamPath: '/live/s3cret',
  query: {},
  remoteAddress: '192.0.2.7',
  secure: false,
  url: 'rtmp://example.com/live',
  pageUrl: '',
  details: {},
}
const never = new AbortController().signal

function fixture(authorize: Authorize, options: HubOptions = {}) {
  const clock = new VirtualClock()
  const hub = new Hub({ ...options, authorize }, clock)
  const errors: unknown[] = []
  hub.on('authorizeError', (error, about) => errors.push(error, about))
  return { clock, hub, errors }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

describe('answers', () => {
  it('everybody may, without a function', async () => {
    expect(await new Hub().authorize(request, never)).toEqual({ type: 'accept' })
  })

  const answers: [string, AccessDecision | boolean, AccessDecision][] = [
    ['true', true, { type: 'accept' }],
    ['false', false, { type: 'reject', reason: 'not allowed' }],
    [
      'accept',
      accept({ streamPath: '/live/show', userData: 7 }),
      { type: 'accept', streamPath: '/live/show', userData: 7 },
    ],
    ['reject', reject('no', { notFound: true }), { type: 'reject', reason: 'no', notFound: true }],
    ['redirect', redirect('rtmp://b/live'), { type: 'redirect', url: 'rtmp://b/live' }],
  ]

  it.each(answers)('%s, at once or later', async (_, given, decision) => {
    const sync = fixture(() => given)
    expect(await sync.hub.authorize(request, never)).toEqual(decision)
    const async_ = fixture(() => Promise.resolve(given))
    expect(await async_.hub.authorize(request, never)).toEqual(decision)
    expect([sync.clock.pending, async_.clock.pending, sync.errors, async_.errors]).toEqual([0, 0, [], []])
  })

  it('that are no decision give back what they have taken', async () => {
    let ended = 0
    const onEnd = (): void => void ended++
    const { hub, errors } = fixture(
      () => ({ type: 'accept', streamPath: 7, onEnd }) as unknown as AccessDecision,
    )
    expect(await hub.authorize(request, never)).toEqual({ type: 'reject', reason: 'the decision failed' })
    expect(ended).toBe(1)
    expect(errors).toHaveLength(2)
  })

  it('the request is passed on as it is, with a signal', async () => {
    let seen: unknown[] = []
    const { hub } = fixture((...args) => {
      seen = args
      return true
    })
    await hub.authorize(request, never)
    expect(seen[0]).toBe(request)
    expect((seen[1] as AbortSignal).aborted).toBe(false)
  })

  it.each([
    undefined,
    null,
    0,
    'accept',
    {},
    { type: 'allow' },
    [],
    { type: 'accept', streamPath: 7 },
    { type: 'reject' },
    { type: 'reject', reason: new Error('of the application') },
    { type: 'redirect', url: new URL('rtmp://other.example/live') },
  ])('%j is no decision: nobody gets in', async (answer) => {
    const { clock, hub, errors } = fixture((() => answer) as unknown as Authorize)
    expect(await hub.authorize(request, never)).toEqual({ type: 'reject', reason: 'the decision failed' })
    expect([errors[0], errors[1], clock.pending]).toEqual([expect.any(TypeError), request, 0])
  })
})

describe('failures', () => {
  it.each(['throws', 'rejects'])(
    'a function that %s turns the peer away with a neutral reason',
    async (how) => {
      const secret = new Error('db password is hunter2')
      const { clock, hub, errors } = fixture(() => {
        if (how === 'throws') throw secret
        return Promise.reject(secret)
      })
      expect(await hub.authorize(request, never)).toEqual({ type: 'reject', reason: 'the decision failed' })
      expect([errors, clock.pending]).toEqual([[secret, request], 0])
    },
  )

  it('one that takes longer than authorizeTimeoutMs is aborted, and late answers are ignored', async () => {
    for (const late of ['accepts', 'rejects'] as const) {
      let signal = never
      let answer = (): void => {}
      const { clock, hub, errors } = fixture(
        (_, given) =>
          new Promise((resolve, fail) => {
            signal = given
            answer = () => (late === 'accepts' ? resolve(true) : fail(new Error('late')))
          }),
        { authorizeTimeoutMs: 2_000 },
      )
      const decision = hub.authorize(request, never)
      clock.advance(1_999)
      expect([signal.aborted, hub.stats().deciding]).toEqual([false, 1])
      clock.advance(1)
      expect(await decision).toEqual({ type: 'reject', reason: 'the decision took too long' })
      expect([signal.aborted, hub.stats().deciding, clock.pending]).toEqual([true, 0, 0])
      expect(errors).toEqual([expect.objectContaining({ code: 'ERR_AUTHORIZE_TIMEOUT' }), request])
      answer()
      await settle()
      expect(errors).toHaveLength(2)
    }
  })

  it('a peer that goes aborts the question, without an error', async () => {
    const gone = new AbortController()
    let signal = never
    const { clock, hub, errors } = fixture((_, given) => {
      signal = given
      return new Promise(() => {})
    })
    const decision = hub.authorize(request, gone.signal)
    gone.abort('bye')
    expect(await decision).toMatchObject({ type: 'reject' })
    expect([signal.aborted, signal.reason, errors, clock.pending]).toEqual([true, 'bye', [], 0])
  })

  it('a peer that has gone before is not asked about', async () => {
    let asked = 0
    const { hub } = fixture(() => ++asked > 0)
    expect(await hub.authorize(request, AbortSignal.abort())).toMatchObject({ type: 'reject' })
    expect(asked).toBe(0)
  })

  it('a listener on the peer’s signal is not left behind', async () => {
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args))
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args))
    const { clock, hub } = fixture(
      (_, inner) => new Promise((resolve) => inner.addEventListener('abort', () => resolve(true))),
    )
    const decision = hub.authorize(request, signal)
    expect(listeners).toBe(1)
    clock.advance(10_000)
    await decision
    expect(listeners).toBe(0)
  })

  it('a hub that closes answers all, and is asked no more', async () => {
    let signal = never
    const { clock, hub, errors } = fixture((_, given) => {
      signal = given
      return new Promise(() => {})
    })
    const decisions = [hub.authorize(request, never), hub.authorize(request, never)]
    hub.close()
    for (const decision of decisions)
      expect(await decision).toEqual({ type: 'reject', reason: 'the server is closing' })
    expect(await hub.authorize(request, never)).toEqual({ type: 'reject', reason: 'the server is closing' })
    expect([signal.aborted, errors, clock.pending, hub.stats().deciding]).toEqual([true, [], 0, 0])
  })
})

it('defect: nothing is announced before the decision, and a loser learns it from publish', async () => {
  const answers: ((decision: boolean) => void)[] = []
  const { hub } = fixture(() => new Promise((resolve) => answers.push(resolve)))
  const announced: string[] = []
  hub.on('publish', ({ streamPath }) => announced.push(streamPath))
  const both = [hub.authorize(request, never), hub.authorize(request, never)]
  expect([announced, [...hub.sources]]).toEqual([[], []])
  for (const answer of answers) answer(true)
  const [first, second] = await Promise.all(both)
  expect([first!.type, second!.type]).toEqual(['accept', 'accept'])
  hub.publish('/live/show')
  expect(() => hub.publish('/live/show')).toThrow(expect.objectContaining({ code: 'ERR_STREAM_BUSY' }))
  expect(announced).toEqual(['/live/show'])
})

/** A connection as a server has it: asks, and publishes when it may and is still there. */
class Peer {
  readonly gone = new AbortController()
  publisher: Publisher | undefined
  lost = 0

  async run(hub: Hub, streamPath: StreamPath, takeOver: boolean): Promise<void> {
    const decision = await hub.authorize({ ...request, streamPath }, this.gone.signal)
    if (decision.type !== 'accept' || this.gone.signal.aborted) return
    try {
      this.publisher = hub.publish(decision.streamPath ?? streamPath, {
        takeOver,
        onLost: () => this.lost++,
        userData: this,
      })
    } catch (error) {
      if (!(error instanceof MediaError) && !(error instanceof RangeError)) throw error
    }
  }

  leave(): void {
    this.gone.abort()
    this.publisher?.unpublish()
  }
}

it('property: any order of admission, answers, reconnects, take-overs, option changes and closing keeps one publisher a stream', async () => {
  const step = fc.record({
    what: fc.constantFrom(
      'ask', 'ask', 'ask', 'answer', 'answer', 'answer', 'refuse', 'fail', 'leave', 'write', 'time', 'options', 'close source', 'close',
    ), // prettier-ignore
    which: fc.nat(7),
    path: fc.constantFrom('/a/1', '/a/2'),
    takeOver: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const clock = new VirtualClock()
      const questions: { answer: (decision: boolean) => void; fail: (error: Error) => void }[] = []
      const options = (graceMs: number): HubOptions => ({
        authorizeTimeoutMs: 500,
        graceMs,
        maxSources: 2,
        authorize: () => new Promise((answer, fail) => questions.push({ answer, fail })),
      })
      const hub = new Hub(options(100), clock)
      const live = new Map<string, Publisher>()
      const open = new Set<string>()
      hub.on('publish', (source, publisher) => {
        expect([live.has(source.streamPath), source.publisher]).toEqual([false, publisher])
        live.set(source.streamPath, publisher)
        open.add(source.streamPath)
      })
      hub.on('unpublish', (source, reason, publisher) => {
        expect([live.get(source.streamPath), publisher.ended]).toEqual([publisher, reason])
        live.delete(source.streamPath)
      })
      hub.on('close', (source) => {
        expect([open.delete(source.streamPath), live.has(source.streamPath)]).toEqual([true, false])
      })
      const peers: Peer[] = []
      const running: Promise<void>[] = []
      for (const { what, which, path, takeOver } of steps) {
        const peer = peers[which % Math.max(1, peers.length)]
        const question = questions.splice(which % Math.max(1, questions.length), 1)[0]
        if (question !== undefined && !['answer', 'refuse', 'fail'].includes(what)) questions.push(question)
        if (what === 'ask') {
          const fresh = new Peer()
          peers.push(fresh)
          running.push(fresh.run(hub, path, takeOver))
        } else if (what === 'answer') question?.answer(true)
        else if (what === 'refuse') question?.answer(false)
        else if (what === 'fail') question?.fail(new Error('db'))
        else if (what === 'leave') peer?.leave()
        else if (what === 'write') peer?.publisher?.write(key(which))
        else if (what === 'time') clock.advance(which * 40)
        else if (what === 'options') hub.setOptions(options(which * 30))
        else if (what === 'close source') hub.source(path)?.close()
        else if (which === 0) hub.close()
        await settle()
        for (const source of hub.sources) {
          expect([source.closed, live.get(source.streamPath)]).toEqual([false, source.publisher])
        }
        expect(new Set(Array.from(hub.sources, ({ streamPath }) => streamPath))).toEqual(open)
        for (const { publisher, gone, lost } of peers) {
          if (publisher === undefined) continue
          const isLive = [...live.values()].includes(publisher)
          expect(publisher.ended === undefined).toBe(isLive)
          expect(isLive && gone.signal.aborted).toBe(false)
          expect(lost).toBe(publisher.ended === undefined || publisher.ended === 'unpublished' ? 0 : 1)
        }
      }
      hub.close()
      clock.turn()
      await Promise.all(running)
      expect([clock.pending, live.size, open.size, hub.stats()]).toEqual([
        0, 0, 0, { sources: 0, players: 0, waiting: 0, deciding: 0 },
      ]) // prettier-ignore
    }),
    { seed: 4711, numRuns: fuzzRuns(100) },
  )
})

describe('news of decisions', () => {
  function listening(authorize: Authorize): { hub: Hub; news: string[] } {
    const { hub } = fixture(authorize)
    const news: string[] = []
    hub.on('accept', ({ streamPath }, { streamPath: renamed }) =>
      news.push(`accept ${streamPath} ${renamed}`),
    )
    hub.on('refuse', ({ streamPath }, decision) =>
      news.push(`refuse ${streamPath} ${decision.type === 'reject' ? decision.reason : decision.url}`),
    )
    hub.on('leave', ({ streamPath }) => news.push(`leave ${streamPath}`))
    return { hub, news }
  }

  it('an accept, and once that it is over, beside the onEnd of the decision', async () => {
    let ended = 0
    const { hub, news } = listening(() => accept({ streamPath: '/live/show', onEnd: () => ended++ }))
    const decision = await hub.authorize(request, never)
    expect(news).toEqual(['accept /live/show /live/show'])
    if (decision.type !== 'accept') throw new Error('refused')
    decision.onEnd?.()
    decision.onEnd?.()
    expect(news).toEqual(['accept /live/show /live/show', 'leave /live/show'])
    expect(ended).toBe(1)
  })

  it.each([
    ['a reject', reject('unknown key'), 'unknown key'],
    ['a redirect', redirect('rtmp://192.0.2.2/live'), 'rtmp://192.0.2.2/live'],
    [
      'a decision that failed',
      (): never => {
        throw new Error('down')
      },
      'the decision failed',
    ],
  ] as const)('%s', async (_, answer, reason) => {
    const { hub, news } = listening(() => (typeof answer === 'function' ? answer() : answer))
    await hub.authorize(request, never)
    expect(news).toEqual([`refuse /live/s3cret ${reason}`])
  })

  it('nothing of a peer that went before the decision', async () => {
    const gone = new AbortController()
    const { hub, news } = listening(() => new Promise(() => {}))
    const decision = hub.authorize(request, gone.signal)
    gone.abort()
    expect(await decision).toMatchObject({ type: 'reject' })
    expect(news).toEqual([])
  })
})
