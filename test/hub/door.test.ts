import {
  accept,
  type AccessRequest,
  type Authorize,
  Door,
  Hub,
  type HubOptions,
  redirect,
  reject,
  VirtualClock,
} from 'millrace/hub'
import { describe, expect, it } from 'vitest'

const toPublish: AccessRequest = {
  action: 'publish',
  protocol: 'test',
  vhost: '',
  app: 'live',
  streamName: 's3cret',
  streamPath: '/live/s3cret',
  query: {},
  remoteAddress: '192.0.2.7',
  secure: false,
  url: 'test://example.com/live/s3cret',
  pageUrl: '',
  details: {},
}
const toPlay: AccessRequest = { ...toPublish, action: 'play' }

/** A hub that accepts everybody as `/live/show`, and everything that it and the door tell. */
function fixture(options: HubOptions = {}, decide: Authorize = () => accept({ streamPath: '/live/show' })) {
  const heard: string[] = []
  const clock = new VirtualClock()
  const authorize: Authorize = async (request, signal) => {
    const decision = await decide(request, signal)
    if (typeof decision === 'boolean' || decision.type !== 'accept') return decision
    return { ...decision, onEnd: () => heard.push('onEnd') }
  }
  const hub = new Hub({ ...options, authorize }, clock)
  hub.on('accept', ({ streamPath }) => heard.push(`accept ${streamPath}`))
  hub.on('refuse', () => heard.push('refuse'))
  hub.on('publish', ({ streamPath }) => heard.push(`publish ${streamPath}`))
  hub.on('unpublish', (_, reason) => heard.push(reason))
  hub.on('fail', ({ streamPath, url }, reason) => heard.push(`fail ${streamPath} ${url}: ${reason}`))
  hub.on('leave', ({ streamPath }) => heard.push(`leave ${streamPath}`))
  const gone = new AbortController()
  return { hub, heard, clock, gone, door: new Door(hub) }
}

const causeOf = (answer: { readonly type: string; readonly cause?: string }) => answer.cause ?? answer.type

describe('publish', () => {
  it('publishes under the name that admission gave, and ends once', async () => {
    const { door, heard, gone } = fixture()
    const publication = await door.publish(toPublish, gone.signal)
    if (publication.type === 'refusal') throw new Error(publication.cause)
    expect(publication.publisher.request).toMatchObject({ streamName: 'show', streamPath: '/live/show' })
    publication.end()
    publication.end()
    expect(heard).toEqual([
      'accept /live/show',
      'publish /live/show',
      'unpublished',
      'leave /live/show',
      'onEnd',
    ])
  })

  it('ends by itself when the stream is lost, before its owner hears of it', async () => {
    const { door, heard, gone } = fixture()
    const onLost = (reason: string) => heard.push(`lost ${reason}`)
    const publication = await door.publish(toPublish, gone.signal, { onLost })
    if (publication.type === 'refusal') throw new Error(publication.cause)
    publication.publisher.kick()
    publication.end()
    expect(heard.slice(2)).toEqual(['kicked', 'leave /live/show', 'onEnd', 'lost kicked'])
  })

  it('refuses a name in use, and says so under the public name alone', async () => {
    const { door, hub, heard, gone } = fixture()
    hub.publish('/live/show')
    expect(await door.publish(toPublish, gone.signal)).toMatchObject({
      cause: 'in-use',
      decision: { type: 'reject', reason: 'the stream name is in use' },
      hub,
    })
    expect(heard.slice(1)).toEqual([
      'accept /live/show',
      'fail /live/show test://example.com/live: the stream name is in use',
      'leave /live/show',
      'onEnd',
    ])
  })

  it('refuses beyond a bound of the hub, with the error', async () => {
    const { door, hub, heard, gone } = fixture({ maxSources: 1 })
    hub.publish('/live/other')
    expect(await door.publish(toPublish, gone.signal)).toMatchObject({
      cause: 'error',
      decision: { type: 'reject', reason: '1 sources, at most 1' },
      error: { code: 'ERR_TOO_MANY_SOURCES' },
    })
    expect(heard.slice(-2)).toEqual(['leave /live/show', 'onEnd'])
  })

  it('publishes nothing for a peer that has gone while it was decided', async () => {
    const { door, heard, gone } = fixture({}, () => {
      queueMicrotask(() => queueMicrotask(() => gone.abort()))
      return accept({ streamPath: '/live/show' })
    })
    expect(causeOf(await door.publish(toPublish, gone.signal))).toBe('gone')
    expect(heard).not.toContain('publish /live/show')
    expect(heard.at(-1)).toBe('onEnd')
  })

  it('ends what a listener of the hub ended or cut off', async () => {
    const cut = fixture()
    cut.hub.on('publish', () => cut.gone.abort())
    expect(causeOf(await cut.door.publish(toPublish, cut.gone.signal))).toBe('gone')
    expect(cut.heard.slice(2)).toEqual(['unpublished', 'leave /live/show', 'onEnd'])

    const ended = fixture()
    ended.hub.on('publish', (_, publisher) => publisher.unpublish())
    expect(await ended.door.publish(toPublish, ended.gone.signal)).toMatchObject({
      cause: 'decision',
      decision: { reason: 'the stream was ended by the server' },
    })
    expect(ended.heard.slice(2)).toEqual(['unpublished', 'leave /live/show', 'onEnd'])
  })
})

describe('play', () => {
  it('gives what to play, and ends once', async () => {
    const { door, hub, heard, gone } = fixture()
    const { source } = hub.publish('/live/show')
    const playback = await door.play(toPlay, gone.signal)
    if (playback.type === 'refusal') throw new Error(playback.cause)
    expect(playback.source).toBe(source)
    expect(playback.request).toMatchObject({ streamName: 'show', streamPath: '/live/show' })
    playback.end()
    playback.end()
    expect(heard.slice(1)).toEqual(['accept /live/show', 'leave /live/show', 'onEnd'])
  })

  it('announces a playback that comes to nothing, under the public name alone', async () => {
    const { door, hub, heard, gone } = fixture()
    hub.publish('/live/show')
    const playback = await door.play(toPlay, gone.signal)
    if (playback.type === 'playback') playback.fail('no segment')
    expect(heard.slice(2)).toEqual([
      'fail /live/show test://example.com/live: no segment',
      'leave /live/show',
      'onEnd',
    ])
  })

  it('refuses a stream that is not there', async () => {
    const { door, heard, gone } = fixture({ publisherWaitMs: 0 })
    expect(await door.play(toPlay, gone.signal)).toMatchObject({
      cause: 'no-source',
      decision: { type: 'reject', reason: 'no such stream', notFound: true },
    })
    expect(heard.slice(1)).toEqual([
      'fail /live/show test://example.com/live: no such stream',
      'leave /live/show',
      'onEnd',
    ])
  })

  it('refuses a source that has closed meanwhile', async () => {
    const { door, hub, gone } = fixture()
    const { source } = hub.publish('/live/show')
    const find = () => {
      source.close()
      return Promise.resolve(source)
    }
    expect(causeOf(await door.play(toPlay, gone.signal, { find }))).toBe('no-source')
  })

  it('says nothing of a peer that left while it waited', async () => {
    const { door, heard, gone, clock } = fixture({ publisherWaitMs: 1_000 })
    const answer = door.play(toPlay, gone.signal)
    for (let i = 0; i < 10; i++) await Promise.resolve()
    clock.advance(500)
    gone.abort()
    expect(causeOf(await answer)).toBe('gone')
    expect(heard).toEqual(['accept /live/show', 'leave /live/show', 'onEnd'])
  })

  it('refuses if the search throws', async () => {
    const { door, heard, gone } = fixture()
    const error = new Error('no index')
    const find = () => Promise.reject(error)
    expect(await door.play(toPlay, gone.signal, { find })).toMatchObject({ cause: 'error', error })
    expect(heard.slice(-2)).toEqual(['leave /live/show', 'onEnd'])
  })
})

describe.each(['publish', 'play'] as const)('%s', (action) => {
  const request = { ...toPublish, action }

  it.each([
    ['a reject', reject('not today')],
    ['a redirect', redirect('test://elsewhere/live')],
  ])('hands on %s', async (_, decision) => {
    const { door, hub, heard, gone } = fixture({}, () => decision)
    expect(await door[action](request, gone.signal)).toEqual({
      type: 'refusal',
      cause: 'decision',
      decision,
      hub,
    })
    expect(heard).toEqual(['refuse'])
  })

  it('refuses an unknown virtual host', async () => {
    const door = new Door(() => undefined)
    expect(await door[action](request, new AbortController().signal)).toMatchObject({
      cause: 'no-hub',
      decision: { type: 'reject', reason: 'no such virtual host', notFound: true },
      hub: undefined,
    })
  })

  it('refuses if the choice of the hub throws', async () => {
    const error = new Error('no table')
    const door = new Door(() => {
      throw error
    })
    expect(await door[action](request, new AbortController().signal)).toMatchObject({ cause: 'error', error })
  })

  it('asks the hub only after the protocol itself', async () => {
    const { door, heard, gone } = fixture()
    const mayEnter = () => Promise.resolve(reject('another host'))
    expect(await door[action](request, gone.signal, { mayEnter })).toMatchObject({
      cause: 'decision',
      decision: { reason: 'another host' },
      hub: undefined,
    })
    expect(heard).toEqual([])
  })
})
