import { reject } from 'millrace/hub'
import { refererRules, type RefererRulesOptions } from 'millrace/services/admission'
import { expect, it } from 'vitest'
import { never, request } from '../requests.ts'

it.each<[name: string, lists: RefererRulesOptions, pageUrl: string, play: boolean, publish: boolean]>([
  ['no list', {}, '', true, true],
  ['empty lists', { all: [], play: [], publish: [] }, 'http://example.com/', true, true],
  ['the domain itself', { all: ['example.com'] }, 'https://example.com/watch?x=1', true, true],
  ['a subdomain', { all: ['example.com'] }, 'http://www.example.com:8080/', true, true],
  ['with a dot before', { all: ['.example.com'] }, 'http://example.com', true, true],
  ['with a star before', { all: ['*.Example.com'] }, 'http://a.b.EXAMPLE.com/', true, true],
  ['with letters of its own', { all: ['Müller.example'] }, 'http://www.müller.example/', true, true],
  ['one of several', { all: ['example.org', 'example.com'] }, 'http://example.com/', true, true],
  ['another domain', { all: ['example.com'] }, 'http://example.net/', false, false],
  [
    'the domain as the end of another name',
    { all: ['example.com'] },
    'http://evil-example.com/',
    false,
    false,
  ],
  ['the domain in the path', { all: ['example.com'] }, 'http://example.net/example.com', false, false],
  ['the domain as user name', { all: ['example.com'] }, 'http://example.com@example.net/', false, false],
  ['no page', { all: ['example.com'] }, '', false, false],
  ['no URL', { all: ['example.com'] }, 'example.com', false, false],
  ['a list for playing', { play: ['example.com'] }, 'http://example.net/', false, true],
  ['a list for publishing', { publish: ['example.com'] }, 'http://example.net/', true, false],
  [
    'both lists must agree',
    { all: ['example.com'], play: ['live.example.com'] },
    'http://www.example.com/',
    false,
    true,
  ],
])('%s', async (_, lists, pageUrl, play, publish) => {
  const rule = refererRules(lists)
  const expected = (action: string, passes: boolean) =>
    passes ? 'abstain' : reject(`this page may not ${action}`)
  expect(await rule(request({ pageUrl }), never)).toEqual(expected('play', play))
  expect(await rule(request({ pageUrl, action: 'publish' }), never)).toEqual(expected('publish', publish))
})

it('options that are none are a mistake of the caller', () => {
  expect(() => refererRules({ plays: [] } as never)).toThrow(/plays/)
  for (const domain of [
    '',
    'https://example.com',
    'example.com/',
    'example.com:80',
    'a b',
    'me@example.com',
    '%',
  ])
    expect(() => refererRules({ all: [domain] }), domain).toThrow(TypeError)
})
