// Simulcast: whatever an encoder publishes here goes to three services at once. Here they are servers of this process; one of them is down
// at first.
import { Hub, RtmpServer } from 'millrace'
import { inRealTime, RtmpClient } from 'millrace/node'
import { readClip } from './clip.ts'

/** A service that takes one stream key. */
class Service {
  readonly hub = new Hub({ authorize: ({ streamName }) => streamName === 's3cret', graceMs: 0 })
  readonly #server = new RtmpServer({ hub: this.hub })

  listen = async (port = 0): Promise<number> => (await this.#server.listen({ port, host: '127.0.0.1' })).port

  async close(): Promise<void> {
    this.hub.close()
    await this.#server.close()
  }
}
const services = [new Service(), new Service(), new Service()] as const
const down = new Service()
const downPort = await down.listen()
await down.close()
const first = `rtmp://127.0.0.1:${await services[0].listen()}/live/s3cret`
const second = `rtmp://127.0.0.1:${await services[1].listen()}/live/s3cret`
const third = `rtmp://127.0.0.1:${downPort}/live/s3cret`

// #region simulcast
import { Forwarder } from 'millrace/services/relay'

const hub = new Hub()
const server = new RtmpServer({ hub })
const { port } = await server.listen({ port: 0, host: '127.0.0.1' })

const forwarder = new Forwarder({
  hub,
  targets: [
    { name: 'first', url: first },
    { name: 'second', url: second },
    { name: 'third', url: third },
  ],
})
forwarder.on('connect', ({ name, url }) => console.log(`${name} takes the stream at ${url}`))
forwarder.on('lost', ({ name }, { message }) => console.log(`${name}: ${message}`))
// #endregion simulcast

const encoder = await RtmpClient.publish(`rtmp://127.0.0.1:${port}/live/show`)
const stop = new AbortController()
const encoding = encoder.send(inRealTime(readClip(), { loop: true, signal: stop.signal }))

const isThere = new Promise((resolve) => services[2].hub.once('publish', resolve))
setTimeout(() => void services[2].listen(downPort), 500)
await isThere
await new Promise((resolve) => setTimeout(resolve, 300))
for (const { name, state, connects, sentPackets } of forwarder.stats()) {
  console.log(`${name}: ${state}, ${connects} connection, packets: ${sentPackets > 10}`)
}
stop.abort()
await encoding
await encoder.close()
await forwarder.close()
await server.close()
hub.close()
for (const service of services) await service.close()
