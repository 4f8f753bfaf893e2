import { describe, expect, it } from 'vitest'
import { RtmpAuthentication } from '../../../src/node/rtmp/rtmp-authentication.ts'

const USER = { username: 'streamer', password: 'pa55word' }
const REJECT = '[ AccessManager.Reject ] : '

/**
 * What FFmpeg 5.1.9 answered as `rtmp://streamer:pa55word@127.0.0.1/live/show`, with the challenges and its own random numbers. Adobe with
 * and without `opaque`, and Limelight.
 */
const ANSWERS = [
  {
    method: 'adobe',
    question: 'user=streamer&salt=mBRVtw==&challenge=TNuHVg==',
    nonce: '6f15c423',
    answer: 'authmod=adobe&user=streamer&challenge=6f15c423&response=88SoB7tj+etTbZZ5rUhpdQ==',
  },
  {
    method: 'adobe',
    question: 'user=streamer&salt=mBRVtw==&challenge=TNuHVg==&opaque=TNuHVg==',
    nonce: '591284fb',
    answer:
      'authmod=adobe&user=streamer&challenge=591284fb&response=iSAfgrbO2EB+G4LYs3VVtg==&opaque=TNuHVg==',
  },
  {
    method: 'llnw',
    question: 'user=streamer&nonce=5e2b1f9a',
    nonce: 'a4cef053',
    answer:
      'authmod=llnw&user=streamer&nonce=5e2b1f9a&cnonce=a4cef053&nc=00000001&response=3b0b4dd3aa2c320c4e8c168c1cad3169',
  },
] as const

describe('RtmpAuthentication', () => {
  for (const { method, question, nonce, answer } of ANSWERS) {
    it(`answers ${method} as FFmpeg does: ${question}`, () => {
      const authentication = new RtmpAuthentication(USER, 'live', nonce)
      expect(authentication.answer(`${REJECT}[ code=403 need auth; authmod=${method} ] : `)).toBe(
        `authmod=${method}&user=streamer`,
      )
      expect(authentication.answer(`${REJECT}[ authmod=${method} ] : ?reason=needauth&${question}`)).toBe(
        answer,
      )
      expect(
        authentication.answer(`${REJECT}[ authmod=${method} ] : ?reason=authfailed&opaque=x`),
      ).toBeUndefined()
    })
  }

  it('tells a user once, and proves it once', () => {
    const authentication = new RtmpAuthentication(USER, 'live', '00000000')
    const ask = `${REJECT}[ code=403 need auth; authmod=adobe ] :`
    expect(authentication.answer(ask)).toBeDefined()
    expect(authentication.answer(ask)).toBeUndefined()
    const challenge = `${REJECT}[ authmod=adobe ] : ?reason=needauth&user=streamer&salt=a&challenge=b`
    expect(authentication.answer(challenge)).toBeDefined()
    expect(authentication.answer(challenge)).toBeUndefined()
    expect(authentication.answer(ask)).toBeUndefined()
  })

  for (const description of [
    '',
    'unknown stream key',
    `${REJECT}[ code=403 need auth; authmod=other ] :`,
    `${REJECT}[ authmod=adobe ] : ?reason=nosuchuser`,
    `${REJECT}[ authmod=adobe ] : `,
  ]) {
    it(`has no answer to '${description}'`, () => {
      expect(new RtmpAuthentication(USER, 'live', '00000000').answer(description)).toBeUndefined()
    })
  }

  it('has no answer without a user', () => {
    const nobody = new RtmpAuthentication({ username: '', password: '' }, 'live', '00000000')
    expect(nobody.answer(`${REJECT}[ code=403 need auth; authmod=adobe ] :`)).toBeUndefined()
  })
})
