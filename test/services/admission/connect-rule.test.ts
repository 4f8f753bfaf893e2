import { redirect } from 'millrace/hub'
import type { RtmpConnectDecider } from 'millrace/node'
import { allConnect } from 'millrace/services/admission'
import { expect, it } from 'vitest'
import { World } from '../../node/memory-world.ts'

it.each<[string, ReturnType<RtmpConnectDecider>[], string[], string[]]>([
  ['everybody accepts', [{ type: 'accept' }, true], ['a', 'b'], ['NetStream.Publish.Start']],
  ['false refuses', [false, true], ['a'], ['NetConnection.Connect.Rejected', 'rejected: not allowed']],
  [
    'nobody is asked behind a refusal',
    [{ type: 'reject', reason: 'full' }, { type: 'accept' }],
    ['a'],
    ['NetConnection.Connect.Rejected', 'rejected: full'],
  ],
  [
    'nobody is asked behind a redirect',
    [redirect('rtmp://b/live'), { type: 'accept' }],
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

it('puts together what they add to the reply, and their extensions', async () => {
  const [early, late] = [{}, {}]
  const first: RtmpConnectDecider = () => ({
    type: 'accept',
    properties: { a: 1, b: 1 },
    extensions: [early],
  })
  const second: RtmpConnectDecider = () => ({
    type: 'accept',
    extensions: [late],
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
    extensions: [early, late],
  })
})

const nobody = [{}, {}, new AbortController().signal] as unknown as Parameters<RtmpConnectDecider>

it.each<[string, RtmpConnectDecider]>([
  ['refuses', () => ({ type: 'reject', reason: 'full' })],
  [
    'throws',
    () => {
      throw new Error('no database')
    },
  ],
])('whoever let in hears of the end when a later one %s', async (_, last) => {
  const log: string[] = []
  const counting: RtmpConnectDecider = () => ({ type: 'accept', onEnd: () => void log.push('end') })
  await Promise.resolve(allConnect(counting, last)(...nobody)).catch(() => {})
  expect(log).toEqual(['end'])
})

it('the end of a connection is told to all who let it in, once', async () => {
  const log: string[] = []
  const counting = (name: string): RtmpConnectDecider => {
    return () => ({ type: 'accept', onEnd: () => void log.push(name) })
  }
  const world = new World({ server: { onConnect: allConnect(counting('a'), counting('b')) } })
  const publisher = await world.publish()
  expect(log).toEqual([])
  publisher.vanish()
  await world.settle()
  expect(log).toEqual(['b', 'a'])
})
