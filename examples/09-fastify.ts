// RTMP beside a fastify app that serves HLS, HTTP-FLV and FLV over WebSocket under /media.
import { inRealTime, RtmpClient } from 'millrace/node'
import { readClip } from './clip.ts'
// #region fastify
import Fastify from 'fastify'
import { HlsHandler, Hub, LiveHandler, RtmpServer } from 'millrace'

const hub = new Hub()
const rtmp = new RtmpServer({ hub })
const hls = new HlsHandler({ hub, prefix: '/media', targetDurationMs: 2_000 })
const live = new LiveHandler({ hub, prefix: '/media' })

// Viewers of a live stream are never idle: without this, closing the app would wait for them.
const app = Fastify({ forceCloseConnections: true })
app.get('/', () => 'your own pages')
app.all('/media/*', (request, reply) => {
  // The handler writes to Node's own response; fastify keeps its hands off once it is hijacked.
  if (hls.handle(request.raw, reply.raw) || live.handle(request.raw, reply.raw)) reply.hijack()
  else reply.callNotFound()
})
live.takeUpgrades(app.server)
// #endregion fastify

const { port: rtmpPort } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
const base = await app.listen({ port: 0, host: '127.0.0.1' })

const encoder = await RtmpClient.publish(`rtmp://127.0.0.1:${rtmpPort}/live/show`)
const encoding = encoder.send(inRealTime(readClip()))
console.log('page:', await (await fetch(base)).text())
console.log('HLS:', (await (await fetch(`${base}/media/live/show.m3u8`)).text()).split('\n')[2])

const flv = await fetch(`${base}/media/live/show.flv`)
const reader = flv.body!.getReader()
const first = await reader.read()
console.log('HTTP-FLV:', flv.headers.get('content-type'), Buffer.from(first.value!.subarray(0, 3)).toString())
await reader.cancel()

await encoder.close()
await encoding
live.close()
await hls.close()
hub.close()
await rtmp.close()
await app.close()
