import type { AccessAccept } from 'millrace/hub'
import { VirtualClock } from 'millrace/hub'
import { type CallbackFailure, HttpCallbacks, type HttpCallbacksOptions } from 'millrace/services/callbacks'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Backend, until } from './backend.ts'
import { never, request } from '../requests.ts'

/** A backend for notifications, and peers that were let in and can leave. */
async function world(options: Partial<HttpCallbacksOptions> = {}) {
  const backend = await Backend.start()
  const clock = new VirtualClock()
  const { url } = backend
  const urls = { on_unpublish: url, on_stop: url, on_dvr: url }
  const callbacks = new HttpCallbacks({ urls, clock, ...options })
  const failures: string[] = []
  const dropped: string[] = []
  callbacks.on('failure', ({ action, error, attempt, final }: CallbackFailure) => {
    failures.push(
      `${action} ${(error as { code?: string }).code ?? error.message} ${attempt}${final ? ' final' : ''}`,
    )
    throw new Error('a listener that fails costs itself')
  })
  callbacks.on('dropped', (action) => dropped.push(action))
  onTestFinished(async () => {
    const closed = callbacks.close()
    clock.advance(60_000)
    await closed
  })
  /** Lets one in; the function lets it out. */
  const enter = async (given: Parameters<typeof request>[0] = {}): Promise<() => void> => {
    const decision = (await callbacks.authorize(request(given), never)) as AccessAccept
    return decision.onEnd!
  }
  const leave = async (given: Parameters<typeof request>[0] = {}): Promise<void> => (await enter(given))()
  const settled = (): Promise<void> =>
    until(
      () => callbacks.stats().queued === 0,
      () => 'the end of the notifications',
    )
  return { backend, clock, callbacks, failures, dropped, enter, leave, settled }
}

describe('notifications', () => {
  it('arrives once, whatever the backend makes of it', async () => {
    const { backend, callbacks, failures, leave, settled } = await world()
    const answers: [number, string][] = [
      [200, '0'],
      [201, ''],
      [204, ''],
      [200, '{"code":1}'],
      [200, 'thank you'],
    ]
    backend.answer = (_, response) => {
      const [status, body] = answers[backend.calls.length - 1]!
      response.status(status).send(body)
    }
    for (let i = 0; i < answers.length; i++) await leave()
    await settled()
    expect([backend.calls.length, failures]).toEqual([5, []])
    expect(callbacks.stats()).toEqual({ deciding: 0, waiting: 0, queued: 0, delivered: 5, lost: 0 })
  })

  it('is tried again after at most 1, 2 and 4 s, then given up', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0)
    onTestFinished(() => random.mockRestore())
    const { backend, callbacks, clock, failures, leave, settled } = await world()
    backend.answer = (_, response) => void response.status(503).send()
    await leave()
    for (const [i, delayMs] of [1_000, 2_000, 4_000].entries()) {
      await until(
        () => failures.length === i + 1,
        () => 'a failure',
      )
      await until(
        () => clock.pending === 1,
        () => 'a pause',
      )
      clock.advance(delayMs - 1)
      expect(backend.calls.length).toBe(i + 1)
      clock.advance(1)
      await backend.called(i + 2)
    }
    await settled()
    expect(failures).toEqual([
      'on_stop ERR_CALLBACK_STATUS 1',
      'on_stop ERR_CALLBACK_STATUS 2',
      'on_stop ERR_CALLBACK_STATUS 3',
      'on_stop ERR_CALLBACK_STATUS 4 final',
    ])
    expect([callbacks.stats().lost, clock.pending]).toEqual([1, 0])
  })

  it('that failed together is not tried again together: up to half of each wait is left out', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5)
    onTestFinished(() => random.mockRestore())
    const { backend, clock, failures, leave } = await world()
    backend.answer = (_, response) => void response.status(503).send()
    await leave()
    for (const [i, delayMs] of [750, 1_500, 3_000].entries()) {
      await until(
        () => failures.length === i + 1 && clock.pending === 1,
        () => 'a pause',
      )
      clock.advance(delayMs - 1)
      expect(clock.pending).toBe(1)
      clock.advance(1)
      await backend.called(i + 2)
    }
  })

  it('is the same each time, and arrives when the backend is back', async () => {
    const { backend, callbacks, clock, failures, leave, settled } = await world()
    backend.answer = (_, response) =>
      void (backend.calls.length === 1 ? response.destroy() : response.send('0'))
    await leave({ streamName: 'a' })
    await until(
      () => clock.pending === 1 && failures.length === 1,
      () => 'a pause',
    )
    clock.advance(1_000)
    await settled()
    expect(backend.calls[1]!.text).toBe(backend.calls[0]!.text)
    expect(callbacks.stats()).toMatchObject({ delivered: 1, lost: 0 })
  })

  it('that is not answered in time is tried again', async () => {
    const { backend, clock, failures, leave } = await world()
    backend.hold()
    await leave()
    await backend.called(1)
    clock.advance(10_000)
    await until(
      () => failures.length === 1,
      () => 'a failure',
    )
    expect(failures).toEqual(['on_stop ERR_CALLBACK_TIMEOUT 1'])
  })

  it.each([400, 401, 403, 404, 410, 301, 302])(
    'that is answered with %d is not tried again',
    async (status) => {
      const { backend, failures, leave, settled } = await world()
      backend.answer = (_, response) => void response.status(status).set('Location', backend.url).send('0')
      await leave()
      await settled()
      expect([backend.calls.length, failures]).toEqual([1, ['on_stop ERR_CALLBACK_STATUS 1 final']])
    },
  )

  it.each([408, 425, 429, 500, 502])('that is answered with %d is', async (status) => {
    const { backend, failures, leave } = await world()
    backend.answer = (_, response) => void response.status(status).send('0')
    await leave()
    await until(
      () => failures.length === 1,
      () => 'a failure',
    )
    expect(failures).toEqual(['on_stop ERR_CALLBACK_STATUS 1'])
  })

  it('goes to each URL, however another one fares', async () => {
    const backend = await Backend.start()
    backend.answer = ({ target }, response) => void response.status(target === '/a' ? 404 : 200).send('0')
    const { leave, settled } = await world({ urls: { on_stop: [`${backend.url}/a`, `${backend.url}/b`] } })
    await leave()
    await settled()
    expect(backend.calls.map(({ target }) => target).toSorted()).toEqual(['/a', '/b'])
  })
})

describe('order', () => {
  const publish = { action: 'publish' } as const

  it('of one stream is kept while the first is repeated; others go on', async () => {
    const { backend, clock, failures, leave, settled } = await world()
    backend.answer = ({ body }, response) => {
      const isFirst = body['client_id'] === 'a' && failures.length === 0
      response.status(isFirst ? 500 : 200).send('0')
    }
    await leave({ ...publish, clientId: 'a' })
    await leave({ ...publish, clientId: 'b' })
    await leave({ ...publish, clientId: 'c', streamName: 'other' })
    await leave({ clientId: 'a' })
    await until(
      () => failures.length === 1 && backend.calls.length === 2 && clock.pending === 1,
      () => 'a pause',
    )
    expect(backend.calls.map(({ body }) => body['client_id'])).toEqual(['a', 'c'])
    clock.advance(1_000)
    await settled()
    const order = backend.calls.map(({ body }) => `${String(body['client_id'])} ${String(body['action'])}`)
    expect(order.slice(0, 3)).toEqual(['a on_unpublish', 'c on_unpublish', 'a on_unpublish'])
    expect(order.slice(3).toSorted()).toEqual(['a on_stop', 'b on_unpublish'])
  })

  it('a new start waits for the notifications of the end before', async () => {
    const backend = await Backend.start()
    const { clock, leave, enter } = await world({
      urls: { on_publish: backend.url, on_unpublish: backend.url },
    })
    await leave({ ...publish, clientId: 'a' })
    backend.hold()
    await backend.called(2)
    let started = 0
    void enter({ ...publish, clientId: 'b' }).then(() => started++)
    await until(
      () => clock.pending === 3,
      () => 'a wait',
    ) // the notifications, the decision, and the wait for the notifications
    expect(backend.actions).toEqual(['on_publish', 'on_unpublish'])
    backend.held[0]!.send('0')
    await backend.called(3)
    backend.held[1]!.send('0')
    await until(
      () => started === 1,
      () => 'a decision',
    )
  })

  it('a new start is not kept for longer than a second', async () => {
    const backend = await Backend.start()
    const { clock, leave, enter } = await world({
      urls: { on_publish: backend.url, on_unpublish: backend.url },
    })
    await leave({ ...publish, clientId: 'a' })
    backend.hold()
    await backend.called(2)
    void enter({ ...publish, clientId: 'b' }).catch(() => {})
    await until(
      () => clock.pending === 3,
      () => 'a wait',
    )
    clock.advance(1_000)
    expect((await backend.called(3)).body).toMatchObject({ action: 'on_publish', client_id: 'b' })
  })
})

describe('bounds', () => {
  it('maxQueuedNotifications at n and n + 1', async () => {
    const { backend, callbacks, dropped, leave } = await world({ maxQueuedNotifications: 3 })
    backend.hold()
    for (let i = 0; i < 5; i++) await leave()
    expect(dropped).toEqual(['on_stop', 'on_stop'])
    expect(callbacks.stats()).toMatchObject({ queued: 3, lost: 2 })
    await backend.called(3)
    for (const response of backend.held) response.send('0')
    await until(
      () => callbacks.stats().queued === 0,
      () => 'room',
    )
    await leave()
    expect(dropped.length).toBe(2)
  })

  it('maxQueuedPerStream at n and n + 1: one stream leaves the others their room', async () => {
    const { backend, callbacks, dropped } = await world({ maxQueuedPerStream: 2 })
    backend.hold()
    for (let i = 0; i < 4; i++) callbacks.tellRecording({ streamPath: '/live/a', file: `${i}.flv` })
    callbacks.tellRecording({ streamPath: '/live/b', file: '0.flv' })
    expect([dropped, callbacks.stats().queued]).toEqual([['on_dvr', 'on_dvr'], 3])
  })

  it('maxConcurrentNotifications at a time, in order', async () => {
    const { backend, callbacks } = await world({ maxConcurrentNotifications: 2 })
    backend.hold()
    for (let i = 0; i < 4; i++) callbacks.tellRecording({ streamPath: `/live/${i}`, file: 'a.flv' })
    for (let i = 0; i < 4; i++) {
      await backend.called(Math.min(4, i + 2))
      expect(backend.calls.length).toBe(Math.min(4, i + 2))
      backend.held[i]!.send('0')
    }
    expect(backend.calls.slice(2).map(({ body }) => body['stream'])).toEqual(['2', '3'])
  })

  it('a notification costs its sender no wait', async () => {
    const { backend, callbacks, leave } = await world()
    backend.hold()
    for (let i = 0; i < 100; i++) await leave()
    expect(callbacks.stats().queued).toBe(100)
  })
})

describe('close', () => {
  it('delivers what waits, then nothing', async () => {
    const { backend, callbacks, clock, dropped, leave, enter } = await world({
      maxConcurrentNotifications: 1,
    })
    const last = await enter()
    for (let i = 0; i < 3; i++) await leave()
    await callbacks.close()
    expect([backend.calls.length, clock.pending]).toEqual([3, 0])
    last()
    expect([dropped, callbacks.stats().queued]).toEqual([['on_stop'], 0])
  })

  it('gives notifications that wait for its next attempt a last one', async () => {
    const { backend, callbacks, clock, failures, leave } = await world()
    backend.answer = (_, response) => void response.status(500).send()
    await leave()
    await until(
      () => clock.pending === 1 && failures.length === 1,
      () => 'a pause',
    )
    await callbacks.close()
    expect(failures).toEqual(['on_stop ERR_CALLBACK_STATUS 1', 'on_stop ERR_CALLBACK_STATUS 2 final'])
    expect(clock.pending).toBe(0)
  })

  it('does not wait longer than drainTimeoutMs', async () => {
    const { backend, callbacks, clock, leave } = await world({
      maxConcurrentNotifications: 1,
      drainTimeoutMs: 2_000,
    })
    backend.hold()
    for (let i = 0; i < 3; i++) await leave()
    await backend.called(1)
    let closed = false
    void callbacks.close().then(() => (closed = true))
    clock.advance(1_999)
    expect(closed).toBe(false)
    clock.advance(1)
    await until(
      () => closed,
      () => 'the end',
    )
    expect([backend.calls.length, callbacks.stats(), clock.pending]).toEqual([
      1,
      { deciding: 0, waiting: 0, queued: 0, delivered: 0, lost: 3 },
      0,
    ])
  })
})
