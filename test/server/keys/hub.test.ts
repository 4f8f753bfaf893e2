import type { Source } from 'millrace/hub'
import { expect, vi } from 'vitest'
import { CLIP, play, publish, publishClip, ROUND_MS, status } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

async function withHub(section: string): Promise<TestServer> {
  return await startWith(`hub: ${section}`)
}

/** The source behind the whole clip. */
async function clipIn(section: string): Promise<Source> {
  const server = await withHub(section)
  await publishClip(server)
  return server.hub.source('/live/show')!
}

/** dts of the first video that a player gets who comes behind the clip; another round of it follows. */
async function firstShown(section: string): Promise<number> {
  const server = await withHub(section)
  const publisher = await publishClip(server)
  const player = await play(server, '/live/show')
  for (const packet of CLIP) if (packet.coded) publisher.write(packet.withDts(packet.dts + ROUND_MS))
  for await (const packet of player) if (packet.kind === 'video' && packet.coded) return packet.dts
  throw new Error('no video')
}

tryKeys('hub', {
  async graceMs() {
    const server = await withHub('{ graceMs: 0 }')
    const client = await publish(server, '/live/show')
    await client.close()
    await vi.waitFor(() => expect(server.hub.source('/live/show')).toBeUndefined())
  },
  async publisherWaitMs() {
    const { httpUrl } = await withHub('{ publisherWaitMs: 0 }')
    const startMs = performance.now()
    expect(await status(`${httpUrl}/live/none.flv`)).toBe(404)
    expect(performance.now() - startMs).toBeLessThan(2_000)
  },
  async secondPublisher() {
    const server = await withHub('{ secondPublisher: take-over }')
    const first = await publish(server, '/live/show')
    await publish(server, '/live/show')
    expect((await first.closed).code).not.toBe('closed')
  },
  async start() {
    const [atCache, atNext] = [await firstShown('{ start: gop }'), await firstShown('{ start: keyframe }')]
    const endDts = Math.max(...CLIP.map(({ dts }) => dts))
    expect(atCache).toBeLessThan(endDts)
    expect(atNext).toBeGreaterThan(endDts)
  },
  async gops() {
    expect((await clipIn('{ gops: 1 }')).stats().cachedMs).toBeLessThan(2_100)
    expect((await clipIn('{ gops: 2 }')).stats().cachedMs).toBeGreaterThan(2_100)
  },
  async maxLagMs() {
    const skipsWith = async (maxLagMs: number): Promise<number> => {
      const server = await withHub(`{ maxLagMs: ${maxLagMs} }`)
      const publisher = await publish(server, '/live/show')
      const source = server.hub.source('/live/show')!
      const consumer = source.consume()
      for (const packet of CLIP) publisher.write(packet)
      await vi.waitFor(() => expect(source.lastDts).toBeGreaterThan(3_000))
      while (consumer.read() !== undefined) continue
      const { skips } = consumer.stats()
      consumer.close()
      return skips
    }
    expect(await skipsWith(600_000)).toBe(0)
    expect(await skipsWith(500)).toBeGreaterThan(0)
  },
  async minFlushIntervalMs() {
    const flushesWith = async (section: string): Promise<number> => {
      const server = await withHub(section)
      const publisher = await publish(server, '/live/show')
      await play(server, '/live/show')
      for (const packet of CLIP) publisher.write(packet)
      const source = server.hub.source('/live/show')!
      await vi.waitFor(() => expect(source.lastDts).toBeGreaterThan(3_000))
      return source.stats().fanOut.flushes
    }
    expect(await flushesWith('{ minFlushIntervalMs: 60000 }')).toBeLessThan(await flushesWith('{}'))
  },
  async maxNameBytes() {
    const server = await withHub('{ maxNameBytes: 4 }')
    await publish(server, '/live/show')
    await expect(publish(server, '/live/shows')).rejects.toThrow('longer than 4 bytes')
  },
  async maxCacheMs() {
    expect((await clipIn('{ maxCacheMs: 1000 }')).stats().oversizedGops).toBeGreaterThan(0)
    expect((await clipIn('{}')).stats().oversizedGops).toBe(0)
  },
  async atc() {
    const lastDtsWith = async (section: string): Promise<number> => {
      const server = await withHub(section)
      const publisher = await publish(server, '/live/show', { startAtZero: false })
      for (const packet of CLIP) publisher.write(packet.withDts(packet.dts + 1_000_000))
      await vi.waitFor(() =>
        expect(server.hub.source('/live/show')?.stats().receivedPackets).toBeGreaterThan(200),
      )
      return server.hub.source('/live/show')!.lastDts
    }
    expect(await lastDtsWith('{ atc: true }')).toBeGreaterThan(1_000_000)
    expect(await lastDtsWith('{}')).toBeLessThan(10_000)
  },
})
