/** Node-Media-Server 4.4.3, run by its own program. */
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { portAnswers, type RunningProcess, start } from '../../support/process.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const require = createRequire(resolve(import.meta.dirname, 'package.json'))
const APP = require.resolve('node-media-server/bin/app.js')

/** Starts it: RTMP and HTTP-FLV, open to everybody. */
export async function startNodeMediaServer(
  rtmpPort: number,
  httpPort: number,
): Promise<{ rtmpUrl: string; httpUrl: string; process: RunningProcess }> {
  const folder = await tempFolder()
  const config = join(folder, 'config.json')
  await writeFile(
    config,
    JSON.stringify({
      bind: '127.0.0.1',
      store: { path: join(folder, 'data') },
      auth: { play: false, publish: false, secret: '', jwt: { secret: 'x', users: [] } },
      rtmp: { port: rtmpPort },
      http: { port: httpPort },
      webadmin: { enable: false },
      record: { auto: false, path: join(folder, 'record') },
    }),
  )
  const child = start(process.execPath, [APP, '--config', config], { cwd: folder })
  await portAnswers(rtmpPort, child)
  await portAnswers(httpPort, child)
  return {
    rtmpUrl: `rtmp://127.0.0.1:${rtmpPort}`,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    process: child,
  }
}
