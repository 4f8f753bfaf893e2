// RTMP beside an express app that serves HLS and HTTP-FLV under /media.
import { inRealTime, RtmpClient } from 'millrace/node'
import { readClip } from './clip.ts'
// #region express
import express from 'express'
import { HlsHandler, Hub, LiveHandler, RtmpServer } from 'millrace'

const hub = new Hub()
const rtmp = new RtmpServer({ hub })
const hls = new HlsHandler({ hub, prefix: '/media', targetDurationMs: 2_000 })
const live = new LiveHandler({ hub, prefix: '/media' })

const app = express()
app.get('/', (_req, res) => void res.send('your own pages'))
app.use((req, res, next) => {
  if (!hls.handle(req, res) && !live.handle(req, res)) next()
})
const http = app.listen(0, '127.0.0.1')
live.takeUpgrades(http)
// #endregion express

await new Promise((resolve) => http.once('listening', resolve))
const { port: rtmpPort } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
const { port: httpPort } = http.address() as { port: number }
const base = `http://127.0.0.1:${httpPort}`

const encoder = await RtmpClient.publish(`rtmp://127.0.0.1:${rtmpPort}/live/show`)
const encoding = encoder.send(inRealTime(readClip()))
console.log('page:', await (await fetch(`${base}/`)).text())
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
http.close()
