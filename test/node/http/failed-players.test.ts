// A stream that cannot be sent is cut off, on every door: it does not look like its end.
import { FLV_VIEW } from 'millrace/flv'
import { LiveHandler } from 'millrace/node'
import { RTMP_VIEW } from 'millrace/rtmp'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { inter, key } from '../../hub/fakes.ts'
import { MemoryServer, settle, Stage } from './http-harness.ts'
import { World } from '../memory-world.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

function breakAt(view: typeof RTMP_VIEW, brokenDts: number): void {
  const create = view.create.bind(view)
  vi.spyOn(view, 'create').mockImplementation(() => {
    const framing = create()
    return {
      join: (configuration, dts) => framing.join(configuration, dts),
      frame: (packets) => {
        if (packets.some(({ dts }) => dts === brokenDts)) throw new Error('broken')
        return framing.frame(packets)
      },
    }
  })
}

describe('RTMP', () => {
  it('players of a format that throws are closed, each with a reason; the publisher goes on', async () => {
    breakAt(RTMP_VIEW, 80)
    const world = new World()
    const ends: string[] = []
    const errors: unknown[] = []
    world.server.on('close', (_, { reason }) => ends.push(reason))
    world.hub.on('fanOutError', (error) => errors.push(error))
    const publisher = await world.publish()
    publisher.write(key(0, 1))
    const players = [await world.play(), await world.play()]
    publisher.write(inter(40, 2))
    await world.settle()
    expect(players.map(({ packets }) => packets.length)).toEqual([2, 2])
    publisher.write(inter(80, 3))
    await world.settle()
    expect(ends).toEqual(['sending the stream failed', 'sending the stream failed'])
    expect(errors).toHaveLength(1)
    expect(players.every(({ ended }) => ended)).toBe(true)
    expect(publisher.phase).toBe('publishing')
    publisher.write(inter(120, 4))
    await world.settle()
    expect(world.hub.stats()).toMatchObject({ sources: 1, players: 0 })
  })

  it('a player that cannot even be begun is closed, and forgotten', async () => {
    breakAt(RTMP_VIEW, 0)
    const world = new World()
    const publisher = await world.publish()
    publisher.write(key(0, 1))
    const player = await world.play()
    expect([player.ended, world.server.connections.size]).toEqual([true, 1])
    expect(world.hub.source('/live/show')!.stats()).toMatchObject({ players: 0, views: 0 })
  })
})

describe('HTTP', () => {
  it('the response is over', async () => {
    const stage = new Stage()
    stage.publish()
    const live = new LiveHandler({ hub: stage.hub })
    const server = new MemoryServer((request, response) => void live.handle(request, response))
    const answer = await server.get('/live/show.flv')
    const over = new Promise((resolve) => answer.once('close', resolve))
    answer.resume()
    await settle()
    stage.hub.source('/live/show')!.close('failed')
    await over
    expect(live.viewerCount).toBe(0)
  })

  it('so it is when the format throws at what is cached', async () => {
    breakAt(FLV_VIEW, 0)
    const stage = new Stage()
    stage.publish()
    const live = new LiveHandler({ hub: stage.hub })
    const server = new MemoryServer((request, response) => void live.handle(request, response))
    const answer = await server.get('/live/show.flv')
    const over = new Promise((resolve) => answer.once('close', resolve))
    answer.on('error', () => {}).resume()
    await over
    expect([live.viewerCount, stage.hub.stats().players]).toEqual([0, 0])
  })

  it('the body of a fetch-style answer fails', async () => {
    const stage = new Stage()
    stage.publish()
    const live = new LiveHandler({ hub: stage.hub })
    const answer = (await live.fetch(new Request('http://a/live/show.flv')))!
    stage.hub.source('/live/show')!.close('failed')
    await expect(answer.arrayBuffer()).rejects.toThrow('sending the stream failed')
    expect(live.viewerCount).toBe(0)
  })
})
