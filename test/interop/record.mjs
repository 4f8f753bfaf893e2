// A server that records what is published, for tests that kill it or take its disk away: node record.mjs DIRECTORY PATH
import { Hub } from 'millrace/hub'
import { RtmpServer } from 'millrace/node'
import { DirectoryRecordingStore, Recorder } from 'millrace/services/recording'

const [directory, path] = process.argv.slice(2)
const hub = new Hub({ graceMs: 0 })
const recorder = new Recorder({ hub, store: new DirectoryRecordingStore(directory), path, fragmentMs: 500 })
recorder.on('start', ({ key }) => console.log(`start ${key}`))
recorder.on('error', ({ error }) => console.log(`error ${error.code}`))
recorder.on('finish', ({ file, durationMs, reason, fragmented }) =>
  console.log(`finish ${JSON.stringify({ file, durationMs, reason, fragmented })}`),
)
await recorder.recover()
const rtmp = new RtmpServer({ hub })
const { port } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
console.log(`listening rtmp://127.0.0.1:${port}/live/show`)
async function close() {
  hub.close()
  await recorder.close()
  await rtmp.close()
}

process.once('SIGTERM', () => void close())
