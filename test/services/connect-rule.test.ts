import type { RtmpConnectDecider } from 'millrace/node'
import { allConnect } from 'millrace/services'
import { expect, it } from 'vitest'
import { World } from '../node/memory-world.ts'

it.each<[string, ReturnType<RtmpConnectDecider>[], string[], string[]]>([
  ['everybody accepts', [{ type: 'accept' }, { type: 'accept' }], ['a', 'b'], ['NetStream.Publish.Start']],
  [
    'nobody is asked behind a refusal',
    [{ type: 'reject', reason: 'full' }, { type: 'accept' }],
    ['a'],
    ['NetConnection.Connect.Rejected', 'rejected: full'],
  ],
  [
    'nobody is asked behind a redirect',
    [{ type: 'redirect', tcUrl: 'rtmp://b/live' }, { type: 'accept' }],
    ['a'],
    ['NetConnection.Connect.Rejected', 'redirect rtmp://b/live'],
  ],
])('%s', async (_, answers, askedNames, news) => {
  const asked: string[] = []
  const deciders = answers.map((answer, i): RtmpConnectDecider => async () => {
    asked.push('ab'[i]!)
    return await answer
  })
  const publisher = await new World({ server: { onConnect: allConnect(...deciders) } }).publish()
  expect([asked, publisher.news]).toEqual([askedNames, news])
})

it('puts together what they add to the reply', async () => {
  const first: RtmpConnectDecider = () => ({ type: 'accept', properties: { a: 1, b: 1 } })
  const second: RtmpConnectDecider = () => ({
    type: 'accept',
    properties: { b: 2 },
    information: { level: 'warning' },
  })
  const [request, connection, signal] = [
    {},
    {},
    new AbortController(),
  ] as unknown as Parameters<RtmpConnectDecider>
  expect(await allConnect(first, second)(request, connection, signal)).toEqual({
    type: 'accept',
    properties: { a: 1, b: 2 },
    information: { level: 'warning' },
  })
})
