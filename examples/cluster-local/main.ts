/**
 * A media server on every core: `node main.js --workers N --rtmp-port N --http-port N`.
 *
 * The workers share the ports. The one that gets a publisher owns its stream; the others pull it once over a local socket when
 * their first player asks for it.
 *
 * @module
 */
import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Primary } from './primary.ts'
import { startWorker } from './worker.ts'

async function main(): Promise<void> {
  if (cluster.isWorker) {
    await startWorker()
    return
  }
  const { values } = parseArgs({
    options: {
      workers: { type: 'string', default: String(availableParallelism()) },
      host: { type: 'string', default: '0.0.0.0' },
      'rtmp-port': { type: 'string', default: '1935' },
      'http-port': { type: 'string', default: '8080' },
    },
  })
  const primary = new Primary({
    workers: Number(values.workers),
    host: values.host,
    rtmpPort: Number(values['rtmp-port']),
    httpPort: Number(values['http-port']),
  })
  process.once('SIGINT', () => primary.stop())
  process.once('SIGTERM', () => primary.stop())
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
