/** Connections whose stream name leads to another virtual host than `connect` did. */
import { type AccessDecision, accept, Hub, reject } from 'millrace/hub'
import type { RtmpConnectDecision } from 'millrace/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { World } from '../memory-world.ts'

/** Hubs `a.example` and `b.example`, for which `x.example` is another name, and who has been asked about `connect`. */
function world(
  decide: (vhost: string) => RtmpConnectDecision | boolean | Promise<RtmpConnectDecision | boolean>,
  admit: () => AccessDecision = () => accept(),
) {
  const asked: string[] = []
  const refused: string[] = []
  const hubs: Record<string, Hub> = {}
  const built: World = new World({
    server: {
      hub: ({ vhost }) => hubs[vhost],
      onConnect: ({ tcUrl, app }) => {
        asked.push(`${tcUrl} ${app}`)
        const named = /vhost=([^&]*)/.exec(tcUrl)?.[1] ?? new URL(tcUrl).hostname
        return decide(named)
      },
      connectDecisionTimeoutMs: 5_000,
    },
  })
  for (const name of ['a.example', 'b.example']) hubs[name] = new Hub({ authorize: admit }, built.clock)
  hubs['x.example'] = hubs['a.example']!
  built.server.on('refuse', ({ action, reason }) => refused.push(`${action}: ${reason}`))
  onTestFinished(() => {
    for (const hub of Object.values(hubs)) hub.close()
  })
  return { world: built, asked, refused, hubs }
}

const AT_A = { tcUrl: 'rtmp://a.example/live' }

describe('a stream name that names another virtual host', () => {
  test('lets nobody in whom onConnect of that one refuses', async () => {
    const stage = world((vhost) => (vhost === 'b.example' ? reject('not here') : true))
    const publisher = await stage.world.publish('show?vhost=b.example', AT_A)
    expect(publisher.news).toEqual(['NetStream.Publish.Denied', 'rejected: not here'])
    const player = await stage.world.play('show?vhost=b.example', AT_A)
    expect(player.news).toEqual(['NetStream.Play.Failed', 'rejected: not here'])
    expect(stage.refused).toEqual(['publish: not here', 'play: not here'])
    expect(stage.asked.slice(0, 2)).toEqual([
      'rtmp://a.example/live live',
      'rtmp://a.example/live?vhost=b.example live',
    ])
    expect(stage.hubs['b.example']!.stats().sources).toBe(0)
  })

  test('is asked about before admission, and told of the end of the connection', async () => {
    const ended: string[] = []
    const stage = world((vhost) => ({ type: 'accept', onEnd: () => ended.push(vhost) }))
    const publisher = await stage.world.publish('show?vhost=b.example', AT_A)
    expect([publisher.phase, ended]).toEqual(['publishing', []])
    expect(stage.hubs['b.example']!.stats().sources).toBe(1)
    publisher.connection.close('enough')
    await stage.world.settle()
    expect(ended).toEqual(['a.example', 'b.example'])
  })

  test('is asked about neither when it is the same by another name, nor when it was named by connect', async () => {
    const stage = world(() => true)
    await stage.world.publish('one?vhost=x.example', AT_A)
    await stage.world.publish('two?vhost=a.example', AT_A)
    await stage.world.publish('three', { tcUrl: 'rtmp://192.0.2.1/live?vhost=b.example' })
    expect(stage.asked).toEqual([
      'rtmp://a.example/live live',
      'rtmp://a.example/live live',
      'rtmp://192.0.2.1/live?vhost=b.example live',
    ])
    expect(stage.hubs['a.example']!.stats().sources).toBe(2)
  })

  test('has what the tcUrl says of one taken out', async () => {
    const stage = world(() => true)
    await stage.world.publish('show?vhost=b.example', { tcUrl: 'rtmp://a.example/live...vhost...a.example' })
    await stage.world.publish('show2?vhost=b.example', { tcUrl: 'rtmp://a.example/live?token=1' })
    expect(stage.asked.filter((each) => each.includes('b.example'))).toEqual([
      'rtmp://a.example/live?vhost=b.example live',
      'rtmp://a.example/live?token=1&vhost=b.example live',
    ])
  })

  test('is not waited for longer than for connect; who is let in then has left', async () => {
    let ended = 0
    let answer: (decision: RtmpConnectDecision) => void = () => undefined
    const stage = world((vhost) =>
      vhost === 'a.example' ? true : new Promise((resolve) => (answer = resolve)),
    )
    const publisher = await stage.world.publish('show?vhost=b.example', AT_A)
    await stage.world.advance(5_000)
    expect(publisher.news).toEqual(['NetStream.Publish.Denied', 'rejected: the decision took too long'])
    answer({ type: 'accept', onEnd: () => ended++ })
    await stage.world.settle()
    expect([ended, stage.hubs['b.example']!.stats().sources]).toEqual([1, 0])
  })

  test('is left by a peer that goes while it is asked about', async () => {
    let ended = 0
    let answer: (decision: RtmpConnectDecision) => void = () => undefined
    const stage = world((vhost) =>
      vhost === 'a.example' ? true : new Promise((resolve) => (answer = resolve)),
    )
    const publisher = await stage.world.publish('show?vhost=b.example', AT_A)
    publisher.stream.destroy()
    await stage.world.settle()
    answer({ type: 'accept', onEnd: () => ended++ })
    await stage.world.settle()
    expect([ended, stage.hubs['b.example']!.stats().sources]).toEqual([1, 0])
  })

  test('may send elsewhere, and fail', async () => {
    const away = world(
      (vhost) => vhost === 'a.example' || { type: 'redirect', url: 'rtmp://other.example/live' },
    )
    const sent = await away.world.publish('show?vhost=b.example', AT_A)
    expect(sent.news).toContain('redirect rtmp://other.example/live')
    const broken = world((vhost) => {
      if (vhost === 'a.example') return true
      throw new Error('of the application')
    })
    const failed = await broken.world.publish('show?vhost=b.example', AT_A)
    expect(failed.news.at(-1)).toBe('rejected: the decision failed')
  })
})
