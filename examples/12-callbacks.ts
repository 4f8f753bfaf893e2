// A backend decides over HTTP, with the callbacks of SRS, and is told what happens.
import { inRealTime, RtmpClient } from 'millrace/node'
import { readClip } from './clip.ts'
// #region backend
import express from 'express'
import { verifyCallback } from 'millrace/services/callbacks'

const secret = 'shared by the two'
const backend = express()
backend.post('/hooks', express.raw({ type: 'application/json' }), (req, res) => {
  const body = req.body as Buffer
  if (!verifyCallback({ secret, signature: req.get('X-Millrace-Signature'), body })) {
    res.sendStatus(403)
    return
  }
  const call = JSON.parse(String(body)) as {
    action: string
    client_id: string
    stream: string
    param?: string
  }
  console.log('backend:', call.action, call.stream ?? '', call.param ?? '')
  const isKnown = call.action !== 'on_publish' || call.param === '?key=k-7f3a'
  res.json(isKnown ? { code: 0 } : { code: 1, msg: 'unknown key' })
})
const backendHttp = backend.listen(0, '127.0.0.1')
// #endregion backend
await new Promise((resolve) => backendHttp.once('listening', resolve))
const { port: backendPort } = backendHttp.address() as { port: number }

// #region server
import { HlsHandler, HttpServer, Hub, LiveHandler, RtmpServer } from 'millrace'
import { HttpCallbacks } from 'millrace/services/callbacks'

const url = `http://127.0.0.1:${backendPort}/hooks`
const callbacks = new HttpCallbacks({
  secret,
  urls: {
    on_connect: url,
    on_close: url,
    on_publish: url,
    on_unpublish: url,
    on_play: url,
    on_stop: url,
    on_hls: url,
  },
})
callbacks.on('failure', ({ action, error }) => console.log(`${action} failed: ${error.message}`))

const hub = new Hub({ authorize: callbacks.authorize })
const rtmp = new RtmpServer({ hub, onConnect: callbacks.onConnect })
const live = new LiveHandler({ hub })
const hls = new HlsHandler({ hub, targetDurationMs: 1_000 })
callbacks.watchHls(hls)
const http = new HttpServer({ handlers: [hls, live] })
// #endregion server

const { port } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
const { port: httpPort } = await http.listen({ port: 0, host: '127.0.0.1' })

const stream = `rtmp://127.0.0.1:${port}/live/show`
await RtmpClient.publish(`${stream}?key=guess`).catch((error: Error) => console.log('guess:', error.message))

const encoder = await RtmpClient.publish(`${stream}?key=k-7f3a`)
const encoding = encoder.send(inRealTime(readClip()))
const flv = await fetch(`http://127.0.0.1:${httpPort}/live/show.flv`)
const reader = flv.body!.getReader()
await reader.read()
await reader.cancel()
console.log('HLS:', (await fetch(`http://127.0.0.1:${httpPort}/live/show.m3u8`)).status)
await encoder.close()
await encoding

// First those who notify, then the one who delivers it.
await rtmp.close()
live.close()
await hls.close()
hub.close()
await http.close()
await callbacks.close()
console.log('notifications delivered:', callbacks.stats().delivered, 'lost:', callbacks.stats().lost)
backendHttp.close()
