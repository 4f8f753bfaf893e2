/** Requests that a client sends before it has the answers to those before: RFC 9112 §9.3.2. */
import type { RequestListener } from 'node:http'
import { LiveHandler } from 'millrace/node'
import { HlsHandler } from 'millrace/packaging'
import { BandwidthHandler } from 'millrace/services/bandwidth'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { collect, MemoryServer, Stage } from './http-harness.ts'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

const statuses = (bytes: Buffer): string[] =>
  Array.from(bytes.toString('latin1').matchAll(/^HTTP\/1\.1 (\d+)/gm), ([, status]) => status!)

function serve(handler: { handle: RequestListener; close(): unknown }): MemoryServer {
  onTestFinished(() => void handler.close())
  return new MemoryServer((request, response) => {
    handler.handle(request, response)
  })
}

describe('a live answer', () => {
  it('is the last of its connection: nobody else is asked about, admitted or counted', async () => {
    let asked = 0
    const stage = new Stage({ authorize: () => ++asked > 0 })
    stage.publish()
    const live = new LiveHandler({ hub: stage.hub, maxViewers: 2 })
    const server = serve(live)
    const piped = server.send(get('/live/show.flv').repeat(20))
    await vi.waitFor(() => expect(statuses(piped.bytes())).toEqual(['200']))
    expect([asked, live.viewerCount]).toEqual([1, 1])
    expect((await server.get('/live/show.flv')).statusCode).toBe(200)
    stage.hub.source('/live/show')!.close()
    await vi.waitFor(() => expect(piped.ended()).toBe(true))
    expect([statuses(piped.bytes()), asked]).toEqual([['200'], 2])
  })

  it('comes in its turn, after those that have an end', async () => {
    const stage = new Stage({ publisherWaitMs: 0 })
    stage.publish()
    const live = new LiveHandler({ hub: stage.hub })
    const piped = serve(live).send(
      get('/live/none.flv') +
        get('/live/show.flv?tracks=none') +
        get('/live/show.flv') +
        get('/live/show.ts'),
    )
    await vi.waitFor(() => expect(statuses(piped.bytes())).toEqual(['404', '400', '200']))
    expect(live.viewerCount).toBe(1)
  })

  it('is cut when more than 64 requests come behind it', async () => {
    const stage = new Stage()
    stage.publish()
    const live = new LiveHandler({ hub: stage.hub })
    const server = serve(live)
    const client = server.connect()
    const piped = collect(client)
    client.write(get('/live/show.flv').repeat(65))
    await vi.waitFor(() => expect(live.viewerCount).toBe(1))
    client.write(get('/live/show.flv'))
    await vi.waitFor(() => expect([piped.ended(), live.viewerCount]).toEqual([true, 0]))
  })

  it('is not begun for a client that has gone before its turn', async () => {
    const asked: string[] = []
    const stage = new Stage({
      authorize: ({ streamName }) => {
        asked.push(streamName)
        return new Promise<boolean>(() => undefined)
      },
    })
    const live = new LiveHandler({ hub: stage.hub })
    const client = serve(live).connect()
    client.write(get('/live/a.flv') + get('/live/b.flv'))
    await vi.waitFor(() => expect(live.viewerCount).toBe(1))
    client.destroy()
    await vi.waitFor(() => expect(live.viewerCount).toBe(0))
    expect(asked).toEqual(['a'])
  })
})

it('HLS answers requests in their order, and admits each in its turn', async () => {
  const asked: string[] = []
  const stage = new Stage({
    authorize: ({ streamName }) => {
      asked.push(streamName)
      return streamName === 'wait' ? new Promise<boolean>(() => undefined) : false
    },
  })
  const hls = new HlsHandler({ hub: stage.hub })
  const piped = serve(hls).send(
    ['no', 'never', 'wait', 'late'].map((name) => get(`/live/${name}.m3u8`)).join(''),
  )
  await vi.waitFor(() => expect(asked).toContain('wait'))
  expect([asked, statuses(piped.bytes())]).toEqual([
    ['no', 'never', 'wait'],
    ['403', '403'],
  ])
})

it('measurements hold a place in their turn alone', async () => {
  const bandwidth = new BandwidthHandler({ authentication: 'none', maxTransfers: 2 })
  const server = serve(bandwidth)
  // Takes 1 MiB and no more.
  const client = server.connect()
  client.write(get('/bandwidth/download?bytes=4000000').repeat(10))
  await vi.waitFor(() => expect(bandwidth.transferCount).toBe(1))
  expect((await server.fetch('/bandwidth/download?bytes=100')).status).toBe(200)
})
