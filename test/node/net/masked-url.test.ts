import { maskUrl, redact } from 'millrace/node'
import { describe, expect, it } from 'vitest'

describe('maskUrl', () => {
  for (const [url, masked] of [
    ['rtmp://a.rtmp.youtube.com/live2/abcd-efgh', 'rtmp://a.rtmp.youtube.com/live2/***'],
    ['rtmps://live-api-s.facebook.com:443/rtmp/FB-1?s_bl=1', 'rtmps://live-api-s.facebook.com/rtmp/***'],
    ['rtmp://user:pa%40ss@host:1936/app/key', 'rtmp://host:1936/app/***'],
    ['rtmp://[2001:db8::1]:1936/live/key', 'rtmp://[2001:db8::1]:1936/live/***'],
    // As FMLE writes it.
    ['rtmp://host/app?token=s3cret/key', 'rtmp://host/app?***/***'],
    ['rtmp://host/app/inst/key', 'rtmp://host/app/inst/***'],
    ['https://user:pass@host/live/show.flv?token=1', 'https://host/live/***'],
    ['http://[::1]:8080/live/show.flv', 'http://[::1]:8080/live/***'],
    ['http://host/show.flv', 'http://host/***'],
    ['my secret key', '***'],
    ['', '***'],
    ['https://', '***'],
  ]) {
    it(`shows ${url} as ${masked}`, () => {
      expect(maskUrl(url!)).toBe(masked)
    })
  }
})

describe('redact', () => {
  const url = 'rtmp://user:p%40ss@host/app?auth=t0ken/k-7f3a?sig=abc%2Fdef&x=1'
  for (const [text, masked] of [
    ['NetStream.Publish.BadName: k-7f3a?sig=abc%2Fdef&x=1 is busy', 'NetStream.Publish.BadName: *** is busy'],
    ['/app/k-7f3a is published', '/app/*** is published'],
    ['sig abc/def is wrong', 'sig *** is wrong'],
    ['sig abc%2Fdef is wrong', 'sig *** is wrong'],
    ['no app?auth=t0ken here', 'no app?*** here'],
    ['user with p@ss', '*** with ***'],
    ['users and tokens', 'users and tokens'],
    [
      'authmod=adobe&user=user&response=YWJj+/x==&y=1 is wrong',
      'authmod=adobe&***=***&response=***&y=1 is wrong',
    ],
    ['k-7f3a9 is another', 'k-7f3a9 is another'],
    ['connect ECONNREFUSED 127.0.0.1:1935', 'connect ECONNREFUSED 127.0.0.1:1935'],
  ]) {
    it(`makes '${text}' into '${masked}'`, () => {
      expect(redact(text!, url)).toBe(masked)
    })
  }

  it('takes the parts of a URL, however odd they are', () => {
    const parts = { app: 'live', streamName: 'a', username: 'me@home', password: 'x:y@z' }
    expect(redact('me@home may not, x:y@z is wrong: a', parts)).toBe('*** may not, *** is wrong: ***')
    expect(redact('a bad name', parts)).toBe('*** bad name')
  })

  it('keeps no more than 300 characters', () => {
    expect(redact('a '.repeat(1_000), 'rtmp://host/live/key')).toHaveLength(300)
    expect(redact('a '.repeat(1_000), 'no url')).toHaveLength(300)
  })
})
