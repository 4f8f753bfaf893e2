// A relay: pulls one stream and pushes it to two servers. Here all three are servers of this process.
import { Hub } from 'millrace/hub'
import { inRealTime, RtmpClient, RtmpServer } from 'millrace/node'
import { readClip } from './clip.ts'

async function startServer(name: string): Promise<{ url: string; hub: Hub; close(): Promise<void> }> {
  const hub = new Hub()
  const server = new RtmpServer({ hub })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  hub.on('unpublish', (source) => console.log(`${name} got ${source.stats().receivedPackets} packets`))
  return { url: `rtmp://127.0.0.1:${port}/live/show`, hub, close: () => server.close() }
}
const origin = await startServer('origin')
const left = await startServer('left')
const right = await startServer('right')
const encoder = await RtmpClient.publish(origin.url)
const encoding = encoder.send(inRealTime(readClip())).then(() => encoder.close())

// #region relay
async function relay(fromUrl: string, toUrls: readonly string[]): Promise<void> {
  const hub = new Hub()
  const publisher = hub.publish('/relay/stream')
  const pushes = toUrls.map(async (url) => {
    const client = await RtmpClient.publish(url)
    // A target that is slow skips to a keyframe; it holds up nobody.
    await client.send(publisher.source.consume())
    await client.close()
  })
  await publisher.send(await RtmpClient.play(fromUrl))
  publisher.source.close()
  await Promise.all(pushes)
}
// #endregion relay

const relaying = relay(origin.url, [left.url, right.url])
await encoding
origin.hub.close()
await relaying
for (const server of [origin, left, right]) {
  server.hub.close()
  await server.close()
}
