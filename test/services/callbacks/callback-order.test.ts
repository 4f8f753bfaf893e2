/** What a backend hears of one client, in order, whatever URLs it has and whoever is slow. */
import { VirtualClock } from 'millrace/hub'
import { HttpCallbacks, type HttpCallbacksOptions } from 'millrace/services/callbacks'
import { describe, expect, it, onTestFinished } from 'vitest'
import { World } from '../../node/memory-world.ts'
import { Backend, until } from './backend.ts'
import { never, request } from '../requests.ts'

const ACTIONS = ['on_connect', 'on_close', 'on_publish', 'on_unpublish', 'on_play', 'on_stop'] as const

/** A server whose callbacks go to `urls`. */
function world(urls: HttpCallbacksOptions['urls'], options: Partial<HttpCallbacksOptions> = {}) {
  const clock = new VirtualClock()
  const callbacks = new HttpCallbacks({ urls, clock, ...options })
  onTestFinished(async () => {
    const closed = callbacks.close()
    clock.advance(60_000)
    await closed
  })
  const here = new World({
    hub: { authorize: callbacks.authorize },
    server: { onConnect: callbacks.onConnect },
  })
  return { here, callbacks, clock }
}

/** A URL for each kind, as the sample backend of SRS has. */
function perKind({ url }: Backend): HttpCallbacksOptions['urls'] {
  return Object.fromEntries(ACTIONS.map((action) => [action, `${url}/${action}`]))
}

/** Answers the first call for `action` with 503. */
function failsOnce(backend: Backend, action: string): void {
  let failed = false
  backend.answer = ({ body }, response) => {
    const fails = !failed && body['action'] === action
    failed ||= fails
    response.status(fails ? 503 : 200).send('0')
  }
}

const publishing = ({ hub }: World): Promise<void> =>
  until(
    () => hub.source('/live/show')?.publisher !== undefined,
    () => 'a stream',
  )

describe('a backend with a URL for each kind', () => {
  it.each([
    ['on_unpublish', ['on_connect', 'on_publish', 'on_unpublish', 'on_unpublish', 'on_close']],
    ['on_stop', ['on_connect', 'on_play', 'on_stop', 'on_stop', 'on_close']],
  ])('hears of on_close after %s that is repeated', async (ending, expected) => {
    const backend = await Backend.start()
    failsOnce(backend, ending)
    const { here, callbacks, clock } = world(perKind(backend))
    let failures = 0
    callbacks.on('failure', () => failures++)
    if (ending === 'on_stop') {
      here.hub.publish('/live/show')
      const player = await here.play()
      await until(
        () => here.hub.source('/live/show')!.playerCount === 1,
        () => 'a player',
      )
      player.leave()
    } else {
      const publisher = await here.publish()
      await publishing(here)
      publisher.vanish()
    }
    await backend.called(3)
    await until(
      () => failures === 1 && clock.pending === 1,
      () => 'a pause',
    )
    expect(backend.calls).toHaveLength(3)
    clock.advance(1_000)
    await backend.called(5)
    expect(backend.actions).toEqual(expected)
  })

  it('hears of on_close last when the peer goes while on_publish is asked', async () => {
    const backend = await Backend.start()
    const { here } = world(perKind(backend))
    backend.answer = ({ body }, response) =>
      body['action'] === 'on_publish' ? void backend.held.push(response) : void response.send('0')
    const publisher = await here.publish()
    await backend.called(2)
    publisher.vanish()
    await here.settle()
    expect(backend.actions).toEqual(['on_connect', 'on_publish'])
    backend.held[0]!.send('0')
    await backend.called(4)
    expect(backend.actions).toEqual(['on_connect', 'on_publish', 'on_unpublish', 'on_close'])
  })
})

it('hears of on_close when the server closes while on_publish is asked', async () => {
  const backend = await Backend.start()
  const { here, callbacks } = world(perKind(backend))
  backend.answer = ({ body }, response) =>
    body['action'] === 'on_publish' ? void backend.held.push(response) : void response.send('0')
  const publisher = await here.publish()
  await backend.called(2)
  publisher.vanish()
  await here.settle()
  await callbacks.close()
  expect(backend.actions).toEqual(['on_connect', 'on_publish', 'on_close'])
})

it('a backend that is down does not keep another from hearing everything', async () => {
  const [good, bad] = [await Backend.start(), await Backend.start()]
  bad.answer = (_, response) => void response.status(503).send()
  const both = (path: string): string[] => [good.url + path, bad.url + path]
  const { here } = world({ on_unpublish: both('/unpublish'), on_close: both('/close') })
  const publisher = await here.publish()
  await publishing(here)
  publisher.vanish()
  await good.called(2)
  expect(good.actions).toEqual(['on_unpublish', 'on_close'])
  expect(bad.actions).toEqual(['on_unpublish'])
})

it('backends that each hear of one kind are in order too', async () => {
  const [ends, closes] = [await Backend.start(), await Backend.start()]
  const { here } = world({ on_unpublish: ends.url, on_close: closes.url })
  ends.hold()
  const publisher = await here.publish()
  await publishing(here)
  publisher.vanish()
  await ends.called(1)
  await here.settle()
  expect(closes.calls).toEqual([])
  ends.held[0]!.send('0')
  await closes.called(1)
})

describe('on_connect that is asked late, as in SRS', () => {
  const late = { onConnectAt: 'stream' } as const

  it('has stream and param, comes before on_publish, and on_close is last', async () => {
    const backend = await Backend.start()
    const { here } = world(perKind(backend), late)
    const publisher = await here.publish('show?token=t')
    await publishing(here)
    publisher.vanish()
    await backend.called(4)
    expect(backend.actions).toEqual(['on_connect', 'on_publish', 'on_unpublish', 'on_close'])
    expect(backend.calls[0]!.body).toMatchObject({
      client_id: publisher.connection.clientId,
      tcUrl: 'rtmp://host/live',
      stream: 'show',
      param: '?token=t',
      pageUrl: '',
    })
  })

  it('that refuses is the refusal of the publish, without on_publish and on_close', async () => {
    const backend = await Backend.start()
    const { here } = world(perKind(backend), late)
    backend.answer = (_, response) => void response.json({ code: 1, msg: 'no ticket' })
    const publisher = await here.publish()
    await until(
      () => publisher.news.length > 0,
      () => 'a refusal',
    )
    expect(publisher.news).toEqual(['NetStream.Publish.Denied', 'rejected: no ticket'])
    publisher.vanish()
    await here.settle()
    expect(backend.actions).toEqual(['on_connect'])
  })

  it('is followed by on_close when on_publish refuses', async () => {
    const backend = await Backend.start()
    const { here } = world(perKind(backend), late)
    backend.answer = ({ body }, response) =>
      void response.json({ code: body['action'] === 'on_publish' ? 1 : 0 })
    await here.publish()
    await backend.called(3)
    expect(backend.actions).toEqual(['on_connect', 'on_publish', 'on_close'])
  })

  it('is not asked about a connection that names no stream, nor about players by HTTP', async () => {
    const backend = await Backend.start()
    const { here, callbacks } = world(perKind(backend), late)
    const nameless = await here.publish('')
    nameless.vanish()
    await here.settle()
    await callbacks.authorize(request({ protocol: 'hls' }), never)
    expect(backend.actions).toEqual(['on_play'])
  })

  it('has one time limit with on_publish', async () => {
    const backend = await Backend.start()
    const { here, clock } = world(perKind(backend), late)
    backend.hold()
    const publisher = await here.publish()
    await backend.called(1)
    clock.advance(4_000)
    backend.held[0]!.send('0')
    await backend.called(2)
    clock.advance(1_000)
    await until(
      () => publisher.news.length > 0,
      () => 'a refusal',
    )
    expect(publisher.news).toContain('rejected: the application did not answer in time')
  })
})
