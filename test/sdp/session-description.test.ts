import fc from 'fast-check'
import { MediaError } from 'millrace/errors'
import { attributeOf, formatSdp, parseSdp, type SessionDescription } from 'millrace/sdp'
import { describe, expect, it } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'

const lines = (...parts: readonly string[]): string => parts.map((line) => `${line}\r\n`).join('')

const WHOLE: SessionDescription = {
  origin: '- 1 1 IN IP4 192.0.2.1',
  name: 'Camera',
  connection: 'IN IP4 192.0.2.1',
  attributes: [{ name: 'control', value: '*' }],
  media: [
    {
      type: 'video',
      port: 0,
      protocol: 'RTP/AVP',
      formats: ['96', '97'],
      connection: 'IN IP4 0.0.0.0',
      bandwidth: 'AS:500',
      attributes: [
        { name: 'rtpmap', value: '96 H264/90000' },
        { name: 'recvonly', value: '' },
      ],
    },
  ],
}
const WHOLE_TEXT = lines(
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.1',
  's=Camera',
  'c=IN IP4 192.0.2.1',
  't=0 0',
  'a=control:*',
  'm=video 0 RTP/AVP 96 97',
  'c=IN IP4 0.0.0.0',
  'b=AS:500',
  'a=rtpmap:96 H264/90000',
  'a=recvonly',
)

describe('a session description', () => {
  it('is read', () => expect(parseSdp(WHOLE_TEXT)).toEqual(WHOLE))
  it('is written', () => expect(formatSdp(WHOLE)).toBe(WHOLE_TEXT))
  it('is written with what RFC 8866 asks for', () => {
    expect(formatSdp({ attributes: [], media: [] })).toBe(
      lines('v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 't=0 0'),
    )
  })
})

describe('is read as tolerantly as cameras need it', () => {
  const video = 'm=video 0 RTP/AVP 96'
  it.each([
    ['line feeds alone', 'v=0\nm=video 0 RTP/AVP 96\na=control:track1\n'],
    ['carriage returns alone', 'v=0\rm=video 0 RTP/AVP 96\ra=control:track1'],
    ['blank lines and blanks', `v=0\r\n\r\n  m = video 0 RTP/AVP 96 \r\na= control : track1 \r\n`],
    ['upper case', `V=0\r\nM=VIDEO 0 RTP/AVP 96\r\nA=Control:track1\r\n`],
    ['no version', lines(video, 'a=control:track1')],
    ['lines of no form', lines('v=0', 'garbage', '=x', video, 'i', 'a=control:track1', 'zz=1')],
    ['a media line that is cut', lines('v=0', video, 'a=control:track1', 'm=audio')],
  ])('%s', (_, text) => {
    const { media } = parseSdp(text)
    expect(media.map(({ type, formats }) => [type, formats])).toEqual([['video', ['96']]])
    expect(attributeOf(media[0]!, 'control')).toBe('track1')
  })

  it('a port with a count, one that is none, and a section without formats', () => {
    const { media } = parseSdp(
      lines('v=0', 'm=audio 5004/2 RTP/AVP 0', 'm=video x RTP/AVP', 'm=video 99999 RTP/AVP 1'),
    )
    expect(media.map(({ port, formats }) => [port, formats])).toEqual([
      [5004, ['0']],
      [0, []],
      [0, ['1']],
    ])
  })
})

it('is refused if it is something else, or too large', () => {
  expect(() => parseSdp('<html></html>')).toThrow(expect.objectContaining({ code: 'ERR_SDP' }))
  expect(() => parseSdp('')).toThrow(expect.objectContaining({ code: 'ERR_SDP' }))
  expect(() => parseSdp('v=0\r\n', { maxSdpLength: 4 })).toThrow(
    expect.objectContaining({ code: 'ERR_SDP_SIZE' }),
  )
  expect(parseSdp('v=0\r\n', { maxSdpLength: 5 }).media).toEqual([])
  const media = (count: number): string => 'm=audio 0 RTP/AVP 0\r\n'.repeat(count)
  expect(parseSdp(media(64)).media).toHaveLength(64)
  expect(() => parseSdp(media(65))).toThrow('more media sections than maxMedia 64')
})

it('is not written with line breaks in its values', () => {
  expect(() => formatSdp({ name: 'a\r\na=evil', attributes: [], media: [] })).toThrow(RangeError)
})

/** The description, or `undefined` if the text is refused. */
function tried(text: string): SessionDescription | undefined {
  try {
    return parseSdp(text)
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

it('any text is read or refused, and what is read reads the same once it is written', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'v=0',
      'm=video 0 RTP/AVP 96',
      'a=x:y',
      'a=flag',
      'c=IN IP4 ::',
      's= ',
      'b=AS:1',
      'o=- 0',
    ),
    fc.string({ maxLength: 12 }),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (parts) => {
      const read = tried(parts.join('\r\n'))
      const again = read && parseSdp(formatSdp(read))
      expect(again?.media.map(({ attributes }) => attributes.length)).toEqual(
        read?.media.map(({ attributes }) => attributes.length),
      )
    }),
    { seed: 7, numRuns: fuzzRuns(1000) },
  )
})
