import fc from 'fast-check'
import { resolveStreamTarget, type StreamTarget, type StreamTargetInput } from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'

interface Case {
  readonly name: string
  readonly input: StreamTargetInput
  readonly target: Partial<StreamTarget>
}

/** The table of SRS (its documentation and its clients rely on it). */
const srs: Case[] = [
  {
    name: 'vhost in tcUrl, the oldest spelling',
    input: { tcUrl: 'rtmp://127.0.0.1:19351/live...vhost...demo&token=abc', streamName: 'show' },
    target: { host: '127.0.0.1', vhost: 'demo', app: 'live', streamName: 'show', port: 19_351, param: '?vhost=demo&token=abc' },
  },
  {
    name: 'vhost in the query of the stream name',
    input: { tcUrl: 'rtmp://127.0.0.1:19351/live', streamName: 'show?vhost=demo&token=abc' },
    target: { vhost: 'demo', app: 'live', streamName: 'show', port: 19_351, param: '?vhost=demo&token=abc' },
  },
  {
    name: 'vhost in the query of tcUrl',
    input: { tcUrl: 'rtmp://127.0.0.1:19351/live?vhost=demo&token=abc', streamName: 'show' },
    target: { vhost: 'demo', app: 'live', streamName: 'show', port: 19_351, param: '?vhost=demo&token=abc' },
  },
  {
    name: 'no application',
    input: { tcUrl: 'rtmp://winlin.cn/', streamName: 'show' },
    target: { vhost: 'winlin.cn', app: '__defaultApp__', streamName: 'show', port: 1935, streamPath: '/__defaultApp__/show' },
  },
  {
    name: 'no path at all',
    input: { tcUrl: 'rtmp://ip', streamName: 'stream?k=v&domain=example.com&k2=v2' },
    target: { host: 'ip', vhost: 'example.com', app: '__defaultApp__', streamName: 'stream', param: '?k=v&domain=example.com&k2=v2' },
  },
  {
    name: 'domain stands in for vhost; pairs may end at &&',
    input: { tcUrl: 'rtmp://winlin.cn/live', streamName: 'show?key=abc&&domain=demo.com' },
    target: { host: 'winlin.cn', vhost: 'demo.com', app: 'live', streamName: 'show', param: '?key=abc&&domain=demo.com' },
  },
  {
    name: 'vhost wins over domain',
    input: { tcUrl: 'rtmp://h/live', streamName: 'show?domain=d.example&vhost=v.example' },
    target: { vhost: 'v.example' },
  },
  {
    name: 'an empty vhost does not count',
    input: { tcUrl: 'rtmp://h/live', streamName: 'show?vhost=&domain=d.example' },
    target: { vhost: 'd.example' },
  },
  {
    name: 'pairs may end at , and ;',
    input: { tcUrl: 'rtmp://h/live', streamName: 'show?a=1,vhost=v.example;b=2' },
    target: { vhost: 'v.example', param: '?a=1,vhost=v.example;b=2', query: { a: '1', vhost: 'v.example', b: '2' } },
  },
  {
    name: 'the default instance at the end of the application',
    input: { tcUrl: 'rtmp://winlin.cn/live/_definst_', streamName: 'show' },
    target: { vhost: 'winlin.cn', app: 'live', streamName: 'show', streamPath: '/live/show' },
  },
  {
    name: 'the default instance after a query',
    input: { tcUrl: 'rtmp://winlin.cn/live?k=v/_definst_', streamName: 'show' },
    target: { app: 'live', streamName: 'show', param: '?k=v' },
  },
  {
    name: 'the default virtual host alone is no query',
    input: { tcUrl: 'rtmp://winlin.cn/live', streamName: 'show?vhost=__defaultVhost__' },
    target: { vhost: 'winlin.cn', streamName: 'show', param: '', query: {} },
  },
  {
    name: 'the default virtual host as domain',
    input: { tcUrl: 'rtmp://ip/app', streamName: 'stream?domain=__defaultVhost__' },
    target: { vhost: 'ip', param: '' },
  },
  {
    name: 'the default virtual host beside other parameters',
    input: { tcUrl: 'rtmp://winlin.cn/live', streamName: 'show?vhost=__defaultVhost__&k=v' },
    target: { vhost: 'winlin.cn', param: '?vhost=__defaultVhost__&k=v' },
  },
  {
    name: 'no stream name: the application holds it',
    input: { app: 'live/livestream?secret=xxx', streamName: '' },
    target: { app: 'live', streamName: 'livestream', param: '?secret=xxx' },
  },
  {
    name: 'no stream name: tcUrl holds it',
    input: { tcUrl: 'rtmp://h/live/livestream', streamName: '' },
    target: { app: 'live', streamName: 'livestream', param: '' },
  },
  {
    name: 'no stream name: the query of tcUrl ends with it',
    input: { tcUrl: 'rtmp://h/live?secret=xxx/livestream', streamName: '' },
    target: { app: 'live', streamName: 'livestream', param: '?secret=xxx', query: { secret: 'xxx' } },
  },
  {
    name: 'no stream name anywhere',
    input: { tcUrl: 'rtmp://h/live?secret=xxx', streamName: '' },
    target: { app: 'live', streamName: '', param: '?secret=xxx', streamPath: '/live/' },
  },
  {
    name: 'FMLE: the query of tcUrl goes behind the stream name',
    input: { tcUrl: 'rtmp://ip/app/app2?k=v', streamName: 'stream' },
    target: { app: 'app/app2', streamName: 'stream', param: '?k=v', streamPath: '/app/app2/stream' },
  },
  {
    name: 'a fragment is kept behind the query',
    input: { tcUrl: 'rtmp://ip/app#k=v', streamName: 'stream?a=b' },
    target: { app: 'app', streamName: 'stream', param: '?a=b#k=v', query: { a: 'b' } },
  },
  {
    name: 'an application of two parts',
    input: { tcUrl: 'rtmp://ossrs.io/app/app2', streamName: 'stream?k=v&k2=v2' },
    target: { vhost: 'ossrs.io', app: 'app/app2', streamName: 'stream', param: '?k=v&k2=v2' },
  },
  {
    name: 'slashes and spaces are stripped',
    input: { tcUrl: 'rtmp:// host \t/ /li ve//', streamName: '/ sh ow /\r\n?vhost=/v host/' },
    target: { host: 'host', vhost: 'vhost', app: 'live', streamName: 'show' },
  },
] // prettier-ignore

/** What encoders do beside that. */
const quirks: Case[] = [
  {
    name: 'tcUrl in single quotes',
    input: { tcUrl: "'rtmp://h.example:1936/live'", streamName: 'show' },
    target: { host: 'h.example', port: 1936, app: 'live', streamName: 'show' },
  },
  {
    name: 'tcUrl in double quotes',
    input: { tcUrl: '"rtmp://h.example/live"', streamName: 'show' },
    target: { host: 'h.example', app: 'live' },
  },
  {
    name: 'no tcUrl: the application of the connect object, no host',
    input: { app: 'live', streamName: 'show?vhost=v.example' },
    target: { scheme: 'rtmp', host: '', port: 1935, vhost: 'v.example', app: 'live', streamName: 'show' },
  },
  {
    name: 'no tcUrl, no application, no stream name',
    input: {},
    target: { host: '', vhost: '', app: '__defaultApp__', streamName: '', param: '', query: {} },
  },
  {
    name: 'tcUrl that is no URL, beside an application',
    input: { tcUrl: 'h.example/other', app: 'live', streamName: 'show' },
    target: { host: '', app: 'live', streamName: 'show' },
  },
  {
    name: 'tcUrl that is only an application',
    input: { tcUrl: '/live/', streamName: 'show' },
    target: { host: '', app: 'live', streamName: 'show' },
  },
  {
    name: 'tcUrl without a path, beside an application',
    input: { tcUrl: 'rtmp://h.example', app: 'live', streamName: 'show' },
    target: { host: 'h.example', app: 'live' },
  },
  {
    name: 'a query in the application only',
    input: { tcUrl: 'rtmp://h.example/live', app: 'live?token=t', streamName: 'show' },
    target: { app: 'live', param: '?token=t', query: { token: 't' } },
  },
  {
    name: 'the same query in tcUrl and application counts once',
    input: { tcUrl: 'rtmp://h.example/live?token=t', app: 'live?token=t', streamName: 'show' },
    target: { param: '?token=t' },
  },
  {
    name: 'the stream key in the application',
    input: { tcUrl: 'rtmp://h.example/live/secret', app: 'live/secret', streamName: '' },
    target: { app: 'live', streamName: 'secret', streamPath: '/live/secret' },
  },
  {
    name: 'the stream key in the query of the stream name',
    input: { tcUrl: 'rtmp://h.example/live', streamName: 'show?key=secret' },
    target: { streamName: 'show', query: { key: 'secret' } },
  },
  {
    name: 'a stream name that is only a query',
    input: { tcUrl: 'rtmp://h.example/live', streamName: '?key=secret' },
    target: { app: 'live', streamName: '', query: { key: 'secret' } },
  },
  {
    name: 'queries in both places: both, and the stream name\u2019s wins',
    input: { tcUrl: 'rtmp://h.example/live?a=1&b=1', streamName: 'show?b=2' },
    target: { param: '?a=1&b=1&b=2', query: { a: '1', b: '2' } },
  },
  {
    name: 'both spellings of a virtual host beside a query',
    input: { tcUrl: 'rtmp://h.example/live?token=t...vhost...v.example', streamName: 'show' },
    target: { vhost: 'v.example', query: { token: 't', vhost: 'v.example' } },
  },
  {
    name: 'a slash inside a value of the query is no path',
    input: { tcUrl: 'rtmp://h.example/live', streamName: 'show?sign=a/b' },
    target: { app: 'live', streamName: 'show', param: '?sign=a/b', query: { sign: 'a/b' } },
  },
  {
    name: 'the stream name has more of the path',
    input: { tcUrl: 'rtmp://h.example/live', streamName: 'a/show' },
    target: { app: 'live/a', streamName: 'show', streamPath: '/live/a/show' },
  },
  {
    name: 'percent-encoded values are decoded, broken ones are left',
    input: { tcUrl: 'rtmp://h.example/live', streamName: 'show?a=%E2%82%AC%20x&b=%E2%82&c=1=2&d' },
    target: { query: { a: '€ x', b: '%E2%82', c: '1=2', d: '' } },
  },
  {
    name: 'rtmps has its own port, user and password are no host',
    input: { tcUrl: 'RTMPS://user:pass@h.example/live', streamName: 'show' },
    target: { scheme: 'rtmps', host: 'h.example', port: 443 },
  },
  {
    name: 'IPv6',
    input: { tcUrl: 'rtmp://[2001:db8::1]:1936/live', streamName: 'show' },
    target: { host: '2001:db8::1', port: 1936, vhost: '2001:db8::1' },
  },
  {
    name: 'a port that is none',
    input: { tcUrl: 'rtmp://h.example:99999/live', streamName: 'show' },
    target: { host: '', port: 1935, app: 'live', streamName: 'show' },
  },
  {
    name: 'properties of objects are no parameters',
    input: { tcUrl: 'rtmp://h.example/live', streamName: 'show?__proto__=x&constructor=y' },
    target: { vhost: 'h.example', param: '?__proto__=x&constructor=y' },
  },
]

describe.each([
  { table: 'SRS', cases: srs },
  { table: 'encoders', cases: quirks },
])('$table', ({ cases }) => {
  test.each(cases)('$name', ({ input, target }) => {
    expect(resolveStreamTarget(input)).toMatchObject(target)
  })
})

test('keys of the query never reach a prototype', () => {
  const { query } = resolveStreamTarget({ streamName: 'show?__proto__=x' })
  expect(Object.getPrototypeOf(query)).toBeNull()
  expect(Object.keys(query)).toEqual(['__proto__'])
})

test('every cut of one path is the same stream', () => {
  const parts = ['live', 'a', 'show']
  const targets = [0, 1, 2, 3].map((cut) =>
    resolveStreamTarget({
      tcUrl: ['rtmp://h.example', ...parts.slice(0, cut)].join('/'),
      streamName: `${parts.slice(cut).join('/')}`,
    }),
  )
  for (const target of targets) {
    expect(target).toMatchObject({ app: 'live/a', streamName: 'show', streamPath: '/live/a/show' })
  }
})

test('no text throws, takes long or leaves slashes at the ends', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc
      .array(fc.constantFrom('/', '?', '#', '&', '=', '...vhost...', '/_definst_', 'rtmp://', ':', '@', '[', ']', '%', ' ', "'", 'a'), { maxLength: 20 })
      .map((parts) => parts.join('')),
  ) // prettier-ignore
  fc.assert(
    fc.property(text, text, text, (tcUrl, app, streamName) => {
      const target = resolveStreamTarget({ tcUrl, app, streamName })
      expect(target.app).not.toMatch(/^\/|\/$|\s/)
      expect(target.streamName).not.toMatch(/\/|\s/)
      expect(target.app).not.toBe('')
      expect(target.port).toBeGreaterThan(0)
    }),
    { seed: 20_260_101, numRuns: fuzzRuns(300) },
  )
})

test('long runs of one character take linear time', () => {
  // A quadratic pattern takes a minute for each of these.
  for (const character of ['/', "'", ' ', '&', '?', '#', '%', '_definst_']) {
    const text = `${character.repeat(200_000)}x`
    expect(resolveStreamTarget({ tcUrl: text, app: text, streamName: text })).toMatchObject({ host: '' })
    expect(resolveStreamTarget({ tcUrl: `rtmp://h/${text}`, streamName: text })).toMatchObject({ host: 'h' })
    expect(resolveStreamTarget({ tcUrl: `rtmp://${text}`, streamName: text }).port).toBe(1935)
  }
})
