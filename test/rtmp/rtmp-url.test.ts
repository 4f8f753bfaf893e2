import { formatRtmpUrl, parseRtmpUrl, type RtmpUrl } from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'

interface Case {
  readonly url: string
  readonly parts: Partial<RtmpUrl>
  /** What formatting gives, where it is not `url`. */
  readonly formatted?: string
}

const cases: Case[] = [
  {
    url: 'rtmp://live.example/app/live_123_abc',
    parts: {
      scheme: 'rtmp',
      host: 'live.example',
      port: 1935,
      app: 'app',
      streamName: 'live_123_abc',
      username: '',
      password: '',
      tcUrl: 'rtmp://live.example/app',
    },
  },
  {
    url: 'rtmps://live.example:443/rtmp/FB-1-0-Abc?s_bl=1&s_sw=0',
    parts: {
      scheme: 'rtmps',
      port: 443,
      app: 'rtmp',
      streamName: 'FB-1-0-Abc?s_bl=1&s_sw=0',
      tcUrl: 'rtmps://live.example/rtmp',
    },
    formatted: 'rtmps://live.example/rtmp/FB-1-0-Abc?s_bl=1&s_sw=0',
  },
  {
    url: 'rtmp://h.example:1936/live/show/stream?token=abc',
    parts: {
      port: 1936,
      app: 'live/show',
      streamName: 'stream?token=abc',
      tcUrl: 'rtmp://h.example:1936/live/show',
    },
  },
  {
    url: 'rtmp://h.example/live/stream?sign=a/b', // a slash of the query is no path
    parts: { app: 'live', streamName: 'stream?sign=a/b' },
  },
  {
    url: 'rtmp://h.example/live?vhost=v.example/stream', // FMLE
    parts: {
      app: 'live?vhost=v.example',
      streamName: 'stream',
      tcUrl: 'rtmp://h.example/live?vhost=v.example',
    },
  },
  {
    url: 'rtmp://h.example/live',
    parts: { app: 'live', streamName: '', tcUrl: 'rtmp://h.example/live' },
  },
  {
    url: 'rtmp://h.example/live?token=t',
    parts: { app: 'live?token=t', streamName: '' },
  },
  {
    url: 'rtmp://[2001:db8::1]:1936/live/show',
    parts: { host: '2001:db8::1', port: 1936, tcUrl: 'rtmp://[2001:db8::1]:1936/live' },
  },
  {
    url: ' RTMP://us%40er:p%3Ass@h.example/live/show ',
    parts: { scheme: 'rtmp', username: 'us@er', password: 'p:ss', tcUrl: 'rtmp://h.example/live' },
    formatted: 'rtmp://h.example/live/show',
  },
  {
    url: 'rtmp://h.example/live//show',
    parts: { app: 'live', streamName: 'show' },
    formatted: 'rtmp://h.example/live/show',
  },
  {
    url: 'rtmp://h.example',
    parts: { app: '', streamName: '', tcUrl: 'rtmp://h.example/' },
    formatted: 'rtmp://h.example/',
  },
]

describe.each(cases)('$url', ({ url, parts, formatted }) => {
  test('parse', () => {
    expect(parseRtmpUrl(url)).toMatchObject(parts)
  })

  test('format', () => {
    expect(formatRtmpUrl(parseRtmpUrl(url))).toBe(formatted ?? url)
  })
})

test.each([
  '',
  'live/show',
  'http://h.example/live/show',
  'rtmp://',
  'rtmp:///live/show',
  'rtmp://h.example:0/live/show',
  'rtmp://h.example:65536/live/show',
  'rtmp://h.example:x/live/secret',
  'rtmp://h:1:2/live/secret',
])('%j is no RTMP URL, and is not quoted in the error', (url) => {
  expect(() => parseRtmpUrl(url)).toThrow(TypeError)
  expect(() => parseRtmpUrl(url)).not.toThrow(/secret/)
})

test('format: defaults', () => {
  expect(formatRtmpUrl({ host: 'h.example', app: 'live' })).toBe('rtmp://h.example/live')
  expect(formatRtmpUrl({ host: '::1', port: 1935, app: 'live', streamName: 'a?b=c' })).toBe(
    'rtmp://[::1]/live/a?b=c',
  )
  expect(formatRtmpUrl({ scheme: 'rtmps', host: '[::1]', port: 1935, app: 'live' })).toBe(
    'rtmps://[::1]:1935/live',
  )
})
