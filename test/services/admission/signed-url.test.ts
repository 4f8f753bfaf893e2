import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { reject } from 'millrace/hub'
import { nmsSign, nmsSignedUrls, signedUrls, signUrl } from 'millrace/services/admission'
import { describe, expect, it } from 'vitest'
import { never, request } from '../requests.ts'

const SECRET = 'correct horse battery staple'
const NOW = Date.UTC(2030, 0, 1)
const LATER = NOW + 60_000
const options = { secret: SECRET, now: () => NOW }

function queryOf(url: string): Record<string, string> {
  return Object.fromEntries(new URL(url).searchParams)
}

const ask = (url: string, given: Parameters<typeof request>[0] = {}, rule = signedUrls(options)): unknown =>
  rule(request({ query: queryOf(url), ...given }), never)

describe('signed URLs', () => {
  const sign = { secret: SECRET, action: 'play', expiresAtMs: LATER } as const

  it('carries expiry and HMAC-SHA256 of action, expiry, address and stream path', () => {
    const expires = String(LATER / 1_000)
    const signature = createHmac('sha256', SECRET)
      .update(`play\n${expires}\n\n/live/show`)
      .digest('base64url')
    const url = `https://example.com/live/show.flv?a=1&expires=${expires}&signature=${signature}`
    expect(signUrl('https://example.com/live/show.flv?a=1', sign)).toBe(url)
  })

  it.each([
    'rtmp://example.com/live/show',
    'rtmps://example.com:443/live/show?vhost=a',
    'http://example.com/live/show.flv',
    'ws://example.com/live/show.FLV',
    'https://example.com/live/show.ts?tracks=all',
    'https://example.com/live/show.m3u8',
  ])('%s is good for the stream', (url) => {
    expect(ask(signUrl(url, sign))).toBe(true)
  })

  it('names with escapes, and a path that is not the URL’s', () => {
    expect(ask(signUrl('http://a/live/caf%C3%A9%20x.flv', sign), { streamName: 'caféx' })).toBe(true)
    expect(ask(signUrl('http://a/media/live/show.flv', { ...sign, streamPath: '/live/show' }))).toBe(true)
  })

  it.each(['/media', '/media/'])('the URL of a handler with the prefix %s', (prefix) => {
    const url = signUrl('http://a/media/live/show.m3u8', { ...sign, prefix })
    expect(url).toMatch(/^http:\/\/a\/media\/live\/show\.m3u8\?expires=/)
    expect(ask(url)).toBe(true)
  })

  it.each([
    ['not-a-url', {}],
    ['http://a/live/%E0%A4%A.flv', {}],
    ['http://a/live/show.flv', { prefix: '/media' }],
    ['http://a/mediator/live/show.flv', { prefix: '/media' }],
  ])('%s %o is a mistake of the caller', (url, given) => {
    expect(() => signUrl(url, { ...sign, ...given })).toThrow(TypeError)
  })

  it('are good at the virtual host that the signer names, in any case, and at no other one', () => {
    const at = (vhost: string) => signedUrls({ ...options, vhost })
    const [a, none] = [{ ...sign, vhost: 'A.example.com' }, sign].map((each) =>
      signUrl('http://x/live/show.flv', each),
    )
    const wrong = reject('the signature of the URL is wrong')
    expect([at('a.example.com'), at('b.example.com'), at('')].map((rule) => ask(a!, {}, rule))).toEqual([
      true,
      wrong,
      wrong,
    ])
    expect([at('a.example.com'), at('')].map((rule) => ask(none!, {}, rule))).toEqual([wrong, true])
    // What the peer calls the virtual host does not count: it may be an alias.
    expect(ask(a!, { vhost: 'www.example.com' }, at('a.example.com'))).toBe(true)
  })

  it.each<[string, Parameters<typeof request>[0]]>([
    ['another stream', { streamName: 'other' }],
    ['another application', { app: 'vip' }],
    ['publishing', { action: 'publish' }],
  ])('not for %s', (_, given) => {
    expect(ask(signUrl('rtmp://a/live/show', sign), given)).toEqual(
      reject('the signature of the URL is wrong'),
    )
  })

  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['no signature', { expires: '1893456060' }],
    ['no expiry', { signature: 'A' }],
  ])('%s is not signed', (_, query) => {
    expect(signedUrls(options)(request({ query }), never)).toEqual(reject('the URL is not signed'))
  })

  it('ends at its second, not before', () => {
    const url = signUrl('rtmp://a/live/show', { ...sign, expiresAtMs: LATER })
    const at = (nowMs: number): unknown => ask(url, {}, signedUrls({ secret: SECRET, now: () => nowMs }))
    expect(at(LATER - 1)).toBe(true)
    expect(at(LATER)).toEqual(reject('the URL has expired'))
  })

  it('a later expiry needs another signature', () => {
    const query = { ...queryOf(signUrl('rtmp://a/live/show', sign)), expires: '1999999999' }
    expect(signedUrls(options)(request({ query }), never)).toEqual(
      reject('the signature of the URL is wrong'),
    )
  })

  it('a signed expiry that is no time is wrong', () => {
    const expires = 'Infinity'
    const signature = createHmac('sha256', SECRET)
      .update(`play\n${expires}\n\n/live/show`)
      .digest('base64url')
    const answer = signedUrls(options)(request({ query: { expires, signature } }), never)
    expect(answer).toEqual(reject('the signature of the URL is wrong'))
  })

  it('bound to an address', () => {
    const rule = signedUrls({ ...options, bindAddress: true })
    const url = signUrl('rtmp://a/live/show', { ...sign, remoteAddress: '192.0.2.7' })
    expect(ask(url, {}, rule)).toBe(true)
    expect(ask(url, { remoteAddress: '192.0.2.8' }, rule)).toMatchObject({ type: 'reject' })
    expect(ask(url)).toMatchObject({ type: 'reject' })
    expect(ask(signUrl('rtmp://a/live/show', sign), {}, rule)).toMatchObject({ type: 'reject' })
  })

  it('any of several secrets will do', () => {
    const rule = signedUrls({ ...options, secret: ['new', SECRET] })
    expect(ask(signUrl('rtmp://a/live/show', sign), {}, rule)).toBe(true)
    expect(ask(signUrl('rtmp://a/live/show', { ...sign, secret: 'new' }), {}, rule)).toBe(true)
    expect(ask(signUrl('rtmp://a/live/show', { ...sign, secret: 'old' }), {}, rule)).toMatchObject({
      type: 'reject',
    })
  })

  it('abstains from what needs no signature', () => {
    const rule = signedUrls({ ...options, actions: ['publish'] })
    expect(rule(request(), never)).toBe('abstain')
    expect(rule(request({ action: 'publish' }), never)).toEqual(reject('the URL is not signed'))
  })

  it('one changed character is wrong', () => {
    const { expires, signature } = queryOf(signUrl('rtmp://a/live/show', sign)) as {
      expires: string
      signature: string
    }
    fc.assert(
      fc.property(fc.nat(signature.length - 1), fc.string({ minLength: 0, maxLength: 2 }), (at, piece) => {
        const forged = signature.slice(0, at) + piece + signature.slice(at + 1)
        fc.pre(forged !== signature)
        const answer = signedUrls(options)(request({ query: { expires, signature: forged } }), never)
        expect(answer).toMatchObject({ type: 'reject' })
      }),
      { seed: 44 },
    )
  })

  it('options that are none are a mistake of the caller', () => {
    expect(() => signedUrls({ secret: '' })).toThrow(TypeError)
    expect(() => signedUrls({ secret: [] })).toThrow(TypeError)
    expect(() => signedUrls({ secret: 'x', actions: ['watch'] as never })).toThrow(TypeError)
  })
})

describe("Node-Media-Server's sign", () => {
  // From its README: MD5 of "/live/stream-1503458721-nodemedia2017privatekey".
  const vector = {
    expiresAtSec: 1_503_458_721,
    secret: 'nodemedia2017privatekey',
    sign: '1503458721-80c1d1ad2e0c2ab63eebb50eed64201a',
  }
  const player = { streamName: 'stream', query: { sign: vector.sign } }
  const at = (nowSec: number): ReturnType<typeof nmsSignedUrls> =>
    nmsSignedUrls({ secret: vector.secret, now: () => nowSec * 1_000 })

  it('is made as there', () => {
    expect(nmsSign('/live/stream', vector.expiresAtSec, vector.secret)).toBe(vector.sign)
  })

  it('lets in until it expires', () => {
    expect(at(vector.expiresAtSec - 1)(request(player), never)).toBe(true)
    expect(at(vector.expiresAtSec)(request(player), never)).toEqual(reject('the URL has expired'))
  })

  it.each<[string, string, string]>([
    ['no parameter', '', 'the URL is not signed'],
    ['no expiry', '80c1d1ad2e0c2ab63eebb50eed64201a', 'the signature of the URL is wrong'],
    ['another expiry', '1903458721-80c1d1ad2e0c2ab63eebb50eed64201a', 'the signature of the URL is wrong'],
    ['another digest', '1503458721-80c1d1ad2e0c2ab63eebb50eed64201b', 'the signature of the URL is wrong'],
    ['more behind it', `${vector.sign}-1`, 'the signature of the URL is wrong'],
    ['no number', 'NaN-80c1d1ad2e0c2ab63eebb50eed64201a', 'the signature of the URL is wrong'],
  ])('%s', (_, sign, reason) => {
    expect(at(0)(request({ ...player, query: { sign } }), never)).toEqual(reject(reason))
  })

  it('not for another stream, and not asked for where it need not be', () => {
    expect(at(0)(request({ ...player, streamName: 'other' }), never)).toMatchObject({ type: 'reject' })
    expect(nmsSignedUrls({ secret: 'x', actions: ['publish'] })(request(), never)).toBe('abstain')
  })
})
