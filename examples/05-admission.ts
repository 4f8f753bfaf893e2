// Async admission: a secret stream key, looked up in a database, becomes a public name.
// #region admission
import { setTimeout as sleep } from 'node:timers/promises'
import { accept, Hub, reject, type StreamPath } from 'millrace/hub'
import { RtmpClient, RtmpServer } from 'millrace/node'

const database = new Map([['k-7f3a', { user: 'ada', stream: '/live/ada' as const }]])
async function findUser(key: string): Promise<{ user: string; stream: StreamPath } | undefined> {
  await sleep(50)
  return database.get(key)
}

const hub = new Hub({
  async authorize(request) {
    if (request.action === 'play') return accept()
    const found = await findUser(request.streamName)
    return found === undefined
      ? reject('unknown stream key')
      : accept({ streamPath: found.stream, userData: found.user })
  },
})
hub.on('publish', (source, publisher) =>
  console.log(`${String(publisher.userData)} publishes ${source.streamPath}`),
)

const server = new RtmpServer({ hub })
const { port } = await server.listen({ port: 0, host: '127.0.0.1' })

const allowed = await RtmpClient.publish(`rtmp://127.0.0.1:${port}/live/k-7f3a`)
await RtmpClient.publish(`rtmp://127.0.0.1:${port}/live/guess`).catch((error: Error) =>
  console.log(error.message),
)
// #endregion admission
await allowed.close()
await server.close()
hub.close()
