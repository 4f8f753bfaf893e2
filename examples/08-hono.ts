// HTTP-FLV and HLS from fetch-style handlers, here in hono.
import { serve } from '@hono/node-server'
import { inRealTime, RtmpClient, RtmpServer } from 'millrace/node'
import { readClip } from './clip.ts'
// #region hono
import { Hono } from 'hono'
import { HlsHandler, Hub, LiveHandler } from 'millrace'

const hub = new Hub()
const live = new LiveHandler({ hub })
const hls = new HlsHandler({ hub, targetDurationMs: 2_000 })

const app = new Hono()
app.get('/', (c) => c.text('your own pages'))
app.all('/live/*', async (c) => (await hls.fetch(c.req.raw)) ?? (await live.fetch(c.req.raw)) ?? c.notFound())
// #endregion hono

const rtmp = new RtmpServer({ hub })
const { port: rtmpPort } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
const encoder = await RtmpClient.publish(`rtmp://127.0.0.1:${rtmpPort}/live/show`)
const encoding = encoder.send(inRealTime(readClip()))

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
await new Promise((resolve) => server.once('listening', resolve))
const { port } = server.address() as { port: number }
const flv = await fetch(`http://127.0.0.1:${port}/live/show.flv`)
let bytes = 0
for await (const chunk of flv.body!) {
  bytes += (chunk as Uint8Array).length
  if (bytes > 100_000) break
}
console.log(`HTTP-FLV: ${flv.status} ${flv.headers.get('content-type')}, more than 100 kB`)
console.log('HLS:', (await fetch(`http://127.0.0.1:${port}/live/show.m3u8`)).status)

await encoder.close()
await encoding
live.close()
await hls.close()
hub.close()
await rtmp.close()
server.close()
