// An edge: whoever asks it for a stream gets it from an origin, which is asked once however many players there are.
import { setTimeout as sleep } from 'node:timers/promises'
import { Hub, RtmpClient, RtmpServer } from 'millrace'
import { inRealTime } from 'millrace/node'
import { readClip } from './clip.ts'

// #region edge
function edgeOf(originUrl: string): Hub {
  const hub: Hub = new Hub({
    authorize: ({ action }) => action === 'play',
    publisherWaitMs: 0, // The origin does the waiting.
    async resolveSource(streamPath, signal) {
      // The signal aborts when nobody waits any more; it leaves a stream that was found alone.
      const pull = await RtmpClient.play(`${originUrl}${streamPath}`, { signal })
      const publisher = hub.publish(streamPath, { onLost: () => void pull.close() })
      const source = hub.source(streamPath)!
      source.on('idle', () => source.close())
      const pulling = async (): Promise<void> => {
        for await (const packet of pull) publisher.write(packet)
        publisher.unpublish()
      }
      pulling().catch(() => publisher.kick())
      return source
    },
  })
  return hub
}
// #endregion edge

const origin = new Hub()
const originServer = new RtmpServer({ hub: origin })
const { port: originPort } = await originServer.listen({ port: 0, host: '127.0.0.1' })
const encoder = await RtmpClient.publish(`rtmp://127.0.0.1:${originPort}/live/show`)
const encoding = encoder.send(inRealTime(readClip()))

const edge = edgeOf(`rtmp://127.0.0.1:${originPort}`)
const edgeServer = new RtmpServer({ hub: edge })
const { port: edgePort } = await edgeServer.listen({ port: 0, host: '127.0.0.1' })

async function watch(name: string): Promise<void> {
  let packets = 0
  for await (const packet of await RtmpClient.play(`rtmp://127.0.0.1:${edgePort}/live/show`)) {
    if (packet.coded && ++packets === 100) break
  }
  console.log(`${name}: ${packets} packets`)
}
const watching = [watch('first player'), watch('second player')]
await sleep(500)
console.log(`edge: ${edge.stats().players} players, origin: ${origin.stats().players} player`)
await Promise.all(watching)
await sleep(100)
console.log(`edge: ${edge.stats().sources} streams, origin: ${origin.stats().players} players`)
await RtmpClient.play(`rtmp://127.0.0.1:${edgePort}/live/nobody`).catch((error: Error) =>
  console.log(error.message),
)

await encoder.close()
await encoding
for (const hub of [edge, origin]) hub.close()
for (const server of [edgeServer, originServer]) await server.close()
