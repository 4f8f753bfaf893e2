import {
  accept,
  type AccessDecision,
  type AccessRequest,
  Hub,
  plainStreamPath,
  splitStreamPath,
  type StreamPath,
  streamPathFault,
} from 'millrace/hub'
import { resolveStreamTarget } from 'millrace/rtmp'
import { describe, expect, it } from 'vitest'

const never = new AbortController().signal

/** `é` is C3 A9 in UTF-8. */
const NAMES: readonly (readonly [path: string, fault: string | undefined])[] = [
  ['/live/show', undefined],
  ['/live/east/show', undefined],
  ['/live/été-ä漢🎥', undefined],
  ['/live/"%41\\&;,', undefined],
  ['/live/...', undefined],
  [`/live/${'x'.repeat(256)}`, undefined],
  [`/live/${'x'.repeat(257)}`, 'the stream name is longer than 256 bytes'],
  [`/live/${'é'.repeat(128)}`, undefined],
  [`/live/${'é'.repeat(128)}x`, 'the stream name is longer than 256 bytes'],
  [`/${'a/'.repeat(127)}ab/x`, undefined],
  [`/${'a/'.repeat(127)}abc/x`, 'the application is longer than 256 bytes'],
  ['', 'not /app/name'],
  ['live/show', 'not /app/name'],
  ['/show', 'not /app/name'],
  ['/live//show', 'not /app/name'],
  ['//show', 'not /app/name'],
  ['/live/', 'no stream name'],
  ['/live/..', 'a name is . or ..'],
  ['/./show', 'a name is . or ..'],
  ['/live/../etc/show', 'a name is . or ..'],
  ...[
    'a b',
    'a\u00a0b',
    'a\u3000b',
    '\n',
    'a?b',
    '#a',
    '\u0000',
    '\u001b[2J',
    '\u007f',
    '\u009b',
    '\ud800',
    '\udfffx',
  ].map((name) => [`/live/${name}`, 'a name has white space, ?, # or control characters'] as const),
]

/** A hub that accepts everybody as `streamPath`. */
function door(streamPath: string) {
  const [asked, errors]: [string[], unknown[]] = [[], []]
  const hub = new Hub({
    authorize: (request) => {
      asked.push(request.streamPath)
      return { type: 'accept', streamPath: streamPath as StreamPath }
    },
  })
  hub.on('authorizeError', (error) => errors.push(error))
  const ask = (path: string): Promise<AccessDecision> =>
    hub.authorize({ streamPath: path } as unknown as AccessRequest, never)
  return { hub, ask, asked, errors }
}

describe('the path of a stream', () => {
  it.each(NAMES)('%j: %s', (path, fault) => {
    expect(streamPathFault(path)).toBe(fault)
  })

  it.each(NAMES.filter(([, fault]) => fault === undefined))(
    '%j is published, accepted and asked for',
    async (path) => {
      const { hub, ask } = door(path)
      expect([(await ask(path)).type, (await ask('/live/any')).type]).toEqual(['accept', 'accept'])
      expect(hub.publish(path as StreamPath).streamPath).toBe(path)
    },
  )

  it.each(NAMES.filter(([, fault]) => fault !== undefined))(
    '%j is neither published nor accepted, and nobody is asked about it: %s',
    async (path, fault) => {
      const { hub, ask, asked, errors } = door(path)
      expect(await ask(path)).toEqual({ type: 'reject', reason: fault, notFound: true })
      expect(asked).toEqual([])
      expect(await ask('/live/any')).toEqual({ type: 'reject', reason: 'the decision failed' })
      expect(String(errors)).toMatch(/^RangeError: accepted as "/)
      expect(() => hub.publish(path as StreamPath)).toThrow(RangeError)
      expect(hub.stats().sources).toBe(0)
    },
  )

  it('is checked where it is written, but for its length, which is the hub’s', () => {
    expect(() => accept({ streamPath: 'live/show' as StreamPath })).toThrow(
      'accepted as "live/show": not /app/name',
    )
    expect(accept({ streamPath: `/live/${'x'.repeat(300)}` })).toMatchObject({ type: 'accept' })
  })

  it('is as long as the hub says', async () => {
    const hub = new Hub({ maxNameBytes: 4 })
    hub.publish('/live/show')
    expect(() => hub.publish('/live/shows')).toThrow('the stream name is longer than 4 bytes')
    expect(() => hub.publish('/lives/show')).toThrow('the application is longer than 4 bytes')
    hub.setOptions({ maxNameBytes: 5 })
    hub.publish('/lives/shows')
    expect(() => new Hub({ maxNameBytes: 0 })).toThrow(RangeError)
  })

  it('is quoted with its start alone', () => {
    const hub = new Hub()
    expect(() => hub.publish(`/live/${'\u0001'.repeat(65_000)}`)).toThrow(/^.{1,500}$/)
  })
})

it.each([
  ['/live/my show', '/live/myshow'],
  ['/live/show ', '/live/show'],
  ['/live/\tsh\u00a0ow\n', '/live/show'],
  ['/live//east/ /show', '/live/east/show'],
  ['//live/show/', '/live/show'],
  ['/live/. .', '/live/..'],
])('%j is spelt %s by HTTP and by RTMP', (path, plain) => {
  expect(plainStreamPath(path)).toBe(plain)
  const cut = path.lastIndexOf('/', path.length - 2)
  expect(resolveStreamTarget({ app: path.slice(0, cut), streamName: path.slice(cut) }).streamPath).toBe(plain)
})

it.each([
  ['/live/show', 'live', 'show'],
  ['/live/eu/show', 'live/eu', 'show'],
  ['/show', '', 'show'],
  ['/live/', 'live', ''],
  ['', '', ''],
])('%j is an application %j and a name %j', (path, app, streamName) => {
  expect(splitStreamPath(path)).toEqual({ app, streamName })
})
