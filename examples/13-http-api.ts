// The HTTP API and the metrics beside a server: who publishes what, and an operator who sends the publisher away.
import { inRealTime, RtmpClient } from 'millrace/node'
import { readClip } from './clip.ts'
// #region api
import { Hub, type Source } from 'millrace/hub'
import { HttpServer, LiveHandler, RtmpServer } from 'millrace/node'
import { StreamServices } from 'millrace/services/control'
import { HttpApi } from 'millrace/services/http-api'
import { MetricsHandler } from 'millrace/services/metrics'
import { Statistics } from 'millrace/services/statistics'

const hub = new Hub()
const rtmp = new RtmpServer({ hub })
const live = new LiveHandler({ hub })

const statistics = new Statistics({ hub, rtmp, live })
const services = new StreamServices()
const api = new HttpApi({
  statistics,
  services,
  authentication: [{ token: 'of-a-program' }, { username: 'admin', password: 'of-an-operator' }],
  onAction: ({ operationId, path }) => console.log(`${operationId} ${path.replace(/[^/]+$/, '…')}`),
})
const metrics = new MetricsHandler({ statistics, authentication: 'loopback' })

const web = new HttpServer({ handlers: [api, metrics, live] })
// #endregion api

// #region service
/** Counts keyframes where an operator asks for it. */
const counting = new Map<Source, AbortController>()
services.register('count-keyframes', {
  description: 'Prints how many keyframes came until it is stopped',
  isRunning: ({ source }) => counting.has(source),
  start({ source }) {
    const stop = new AbortController()
    counting.set(source, stop)
    const count = async (): Promise<void> => {
      let keyframes = 0
      for await (const packet of source.consume({ signal: stop.signal })) if (packet.keyframe) keyframes++
      counting.delete(source)
      console.log(`${source.streamPath}: ${keyframes > 0 ? 'keyframes' : 'nothing'} counted`)
    }
    void count()
  },
  stop: ({ source }) => counting.get(source)?.abort(),
})
// #endregion service

const { port } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
const { port: webPort } = await web.listen({ port: 0, host: '127.0.0.1' })
const base = `http://127.0.0.1:${webPort}`

interface Answer {
  readonly code: number
  readonly streams: { id: string; url: string; video: { codec: string; width: number; height: number } }[]
  readonly clients: { id: string; type: string }[]
}
async function ask(path: string, method = 'GET'): Promise<Answer> {
  const response = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { authorization: 'Bearer of-a-program' },
  })
  return (await response.json()) as Answer
}

const encoder = await RtmpClient.publish(`rtmp://127.0.0.1:${port}/live/show`)
const encoding = encoder.send(inRealTime(readClip(), { loop: true })).catch(() => undefined)
await new Promise((resolve) => setTimeout(resolve, 500))

console.log(`without credentials: ${(await fetch(`${base}/api/v1/streams`)).status}`)
const [stream] = (await ask('/streams')).streams
console.log(`${stream!.url}: ${stream!.video.codec} ${stream!.video.width}x${stream!.video.height}`)
await ask(`/streams/${stream!.id}/services/count-keyframes`, 'PUT')
const text = await (await fetch(`${base}/metrics`)).text()
console.log(text.split('\n').find((line) => line.startsWith('millrace_clients{')))
await new Promise((resolve) => setTimeout(resolve, 200))
await ask(`/streams/${stream!.id}/services/count-keyframes`, 'DELETE')

const publisher = (await ask('/clients')).clients.find(({ type }) => type === 'fmle-publish')
console.log(`kick: code ${(await ask(`/clients/${publisher!.id}`, 'DELETE')).code}`)
await encoding
console.log(`the encoder was sent away: ${hub.source('/live/show')?.publisher === undefined}`)

statistics.close()
await rtmp.close()
live.close()
hub.close()
await web.close()
