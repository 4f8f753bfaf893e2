// A push that outlives its target: it tries again, later each time, and gives up only when it is refused or told to.
// #region reconnect
import { setTimeout as sleep } from 'node:timers/promises'
import { ProtocolError, RtmpClient, type Source } from 'millrace'

async function pushForEver(source: Source, url: string, signal: AbortSignal): Promise<void> {
  for (let delayMs = 250; !source.closed; delayMs = Math.min(30_000, delayMs * 2)) {
    try {
      const client = await RtmpClient.publish(url, { signal })
      console.log('pushing')
      delayMs = 250
      await client.send(source.consume())
      await client.close()
      console.log(`ended: ${(await client.closed).reason}`)
    } catch (error) {
      // A stream key that is wrong now is wrong in a minute as well.
      if (error instanceof ProtocolError && error.code === 'ERR_RTMP_REJECTED') throw error
      signal.throwIfAborted()
      console.log(`failed: ${(error as Error).message}`)
    }
    if (!source.closed) await sleep(delayMs, undefined, { signal })
  }
}
// #endregion reconnect

import { Hub, RtmpServer } from 'millrace'
import { inRealTime } from 'millrace/node'
import { readClip } from './clip.ts'

async function startTarget(port: number): Promise<{ hub: Hub; server: RtmpServer; port: number }> {
  const hub = new Hub({ authorize: ({ streamName }) => streamName === 's3cret' })
  const server = new RtmpServer({ hub })
  return { hub, server, port: (await server.listen({ port, host: '127.0.0.1' })).port }
}

const published = (hub: Hub): Promise<unknown> => new Promise((resolve) => hub.once('publish', resolve))

const here = new Hub()
const publisher = here.publish('/live/show')
const stop = new AbortController()
const publishing = publisher.send(inRealTime(readClip(), { loop: true, signal: stop.signal }))

let target = await startTarget(0)
const url = `rtmp://127.0.0.1:${target.port}/live`
await pushForEver(publisher.source, `${url}/wrong`, stop.signal).catch((error: Error) =>
  console.log(`refused: ${error.message}`),
)
const pushing = pushForEver(publisher.source, `${url}/s3cret`, stop.signal)
await published(target.hub)
await sleep(500)

console.log('the target goes down')
target.hub.close()
await target.server.close()
await sleep(600)
target = await startTarget(target.port)
await published(target.hub)
await sleep(500)
console.log(`back: ${target.hub.source('/live/s3cret')!.stats().receivedPackets > 10}`)

stop.abort()
await pushing.catch(() => undefined)
await publishing
here.close()
target.hub.close()
await target.server.close()
