import { createHmac } from 'node:crypto'
import { HttpCallbacks, verifyCallback } from 'millrace/services/callbacks'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Backend } from './backend.ts'
import { never, request } from '../requests.ts'

const secret = 's3cret'
const body = '{"action":"on_publish"}'
const nowMs = 1_900_000_000_000
// HMAC-SHA256 over "<seconds>.<body>", in hex.
const hash = createHmac('sha256', secret).update(`1900000000.${body}`).digest('hex')
const signature = `t=1900000000,sha256=${hash}`

describe('verifyCallback', () => {
  it('takes what the secret signed, as text or bytes', () => {
    expect(verifyCallback({ secret, signature, body, nowMs })).toBe(true)
    expect(verifyCallback({ secret, signature, body: Buffer.from(body), nowMs })).toBe(true)
  })

  it.each<[string, Partial<Parameters<typeof verifyCallback>[0]>]>([
    ['no header', { signature: undefined }],
    ['an empty header', { signature: '' }],
    ['another secret', { secret: 'other' }],
    ['another body', { body: `${body} ` }],
    ['another time', { signature: `t=1900000001,sha256=${hash}` }],
    [
      'another digest',
      { signature: `t=1900000000,sha256=${hash.replace(/^./, (c) => (c === '0' ? '1' : '0'))}` },
    ],
    ['half a digest', { signature: `t=1900000000,sha256=${hash.slice(0, 32)}` }],
    ['more behind it', { signature: `${signature},v2=1` }],
    ['a call that is too old', { nowMs: nowMs + 300_001 }],
    ['a call from the future', { nowMs: nowMs - 300_001 }],
    ['an age that is not allowed', { nowMs: nowMs + 1_001, toleranceMs: 1_000 }],
  ])('refuses %s', (_, changed) => {
    expect(verifyCallback({ secret, signature, body, nowMs, ...changed })).toBe(false)
  })

  it('takes a call of any age that is allowed', () => {
    expect(verifyCallback({ secret, signature, body, nowMs: nowMs + 300_000 })).toBe(true)
    expect(verifyCallback({ secret, signature, body, nowMs: nowMs - 300_000 })).toBe(true)
  })
})

it('every call is signed, and carries the headers that are asked for', async () => {
  const backend = await Backend.start()
  const callbacks = new HttpCallbacks({
    urls: { on_play: `${backend.url}/hook?a=1` },
    secret,
    headers: { Authorization: 'Bearer t' },
  })
  onTestFinished(() => callbacks.close())
  await callbacks.authorize(request(), never)
  const { headers, text, method, target } = backend.calls[0]!
  expect([method, target]).toEqual(['POST', '/hook?a=1'])
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
    authorization: 'Bearer t',
    'user-agent': expect.stringMatching(/^millrace/) as string,
  })
  expect(verifyCallback({ secret, signature: String(headers['x-millrace-signature']), body: text })).toBe(
    true,
  )
})

it('nothing is signed without a secret', async () => {
  const backend = await Backend.start()
  const callbacks = new HttpCallbacks({ urls: { on_play: backend.url } })
  onTestFinished(() => callbacks.close())
  await callbacks.authorize(request(), never)
  expect(backend.calls[0]!.headers['x-millrace-signature']).toBeUndefined()
})
