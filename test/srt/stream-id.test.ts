import fc from 'fast-check'
import { formatSrtStreamId, parseSrtStreamId } from 'millrace/srt'
import { expect, it } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'

const NOTHING = { user: undefined, session: undefined, host: undefined, query: '' }

it.each([
  ['#!::r=live/show,m=publish', { form: 'fields', resource: 'live/show', mode: 'publish', ...NOTHING }],
  ['#!::r=live/show', { form: 'fields', resource: 'live/show', mode: undefined, ...NOTHING }],
  // FFmpeg 5.1 does not decode its URL.
  ['%23!::r=live%2Fshow,m=request', { form: 'fields', resource: 'live/show', mode: 'request', ...NOTHING }],
  [
    '#!::h=a.example,r=live/show,u=me,s=secret,t=stream,m=bidirectional',
    {
      form: 'fields',
      resource: 'live/show',
      mode: 'bidirectional',
      user: 'me',
      session: 'secret',
      host: 'a.example',
      query: '',
    },
  ],
  // SRS: `?` for a comma, other keys are the query.
  [
    '#!::r=live/show?token=a=b,expires=9,m=publish',
    { form: 'fields', resource: 'live/show', mode: 'publish', ...NOTHING, query: 'token=a=b&expires=9' },
  ],
  ['publish:live/show', { form: 'prefix', resource: 'live/show', mode: 'publish', ...NOTHING }],
  [
    'read:live/show:me:secret:a=1',
    {
      form: 'prefix',
      resource: 'live/show',
      mode: 'request',
      user: 'me',
      session: 'secret',
      host: undefined,
      query: 'a=1',
    },
  ],
  ['live/show?key=1', { form: 'plain', resource: 'live/show', mode: undefined, ...NOTHING, query: 'key=1' }],
  ['', { form: 'plain', resource: '', mode: undefined, ...NOTHING }],
  ['%23!::%zz', { form: 'plain', resource: '%23!::%zz', mode: undefined, ...NOTHING }],
])('%s', (text, id) => {
  expect(parseSrtStreamId(text)).toEqual(id)
})

it.each(['#!::r=a,m=destroy', '#!::r=a,t=file', '#!::t=auth', '#!::r=a,m=constructor'])(
  '%s asks for what is not there',
  (text) => {
    expect(parseSrtStreamId(text)).toBeUndefined()
  },
)

it('what is written is read', () => {
  const id = {
    resource: 'live/show',
    mode: 'publish',
    user: 'me',
    session: 'p=w',
    host: 'a.example',
  } as const
  expect(formatSrtStreamId({ resource: 'live/show', mode: 'publish' })).toBe('#!::r=live/show,m=publish')
  expect(parseSrtStreamId(formatSrtStreamId(id))).toEqual({ form: 'fields', query: '', ...id })
  expect(() => formatSrtStreamId({ resource: 'a,b' })).toThrow(RangeError)
})

it('any text is read', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((rest) => `#!::${rest}`),
    fc.string().map((rest) => `%23!${rest}`),
  )
  fc.assert(
    fc.property(text, (id) => {
      parseSrtStreamId(id)
    }),
    { numRuns: fuzzRuns(2000), seed: 20_260_103 },
  )
})
