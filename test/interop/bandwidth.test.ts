import { Hub } from 'millrace/hub'
import { RtmpServer } from 'millrace/node'
import { RtmpBandwidthCheck } from 'millrace/services/bandwidth'
import { expect, onTestFinished } from 'vitest'
import { run } from '../support/process.ts'
import { itWithTool } from '../support/tools.ts'

itWithTool('rtmpdump', 'librtmp reads the calls of a bandwidth check', async () => {
  const check = new RtmpBandwidthCheck({ key: 'k3y', limitKbps: 4_000 })
  const server = new RtmpServer({ hub: new Hub(), onConnect: check.onConnect })
  onTestFinished(() => server.close())
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const dump = async (key: string): Promise<string> => {
    const url = `rtmp://127.0.0.1:${port}/app?key=${key}`
    const result = await run('rtmpdump', [
      '-z',
      '-r',
      url,
      '-a',
      `app?key=${key}`,
      '-t',
      url,
      '-y',
      'show',
      '-o',
      '/dev/null',
    ])
    return result.stderr
  }
  expect(await dump('wrong')).toMatch(/NetConnection\.Connect\.Rejected[^]*wrong bandcheck key/)
  const log = await dump('k3y')
  // -z: each call with its object, property by property.
  expect(log).toContain('server invoking <onSrsBandCheckStartPlayBytes>')
  expect(log).toMatch(/limit_kbps, NUMBER:\s+4000\.00/)
  expect(log).toMatch(/duration_ms, NUMBER:\s+3000\.00/)
  expect(log).toMatch(/srs_server_ip/)
  expect(await dump('k3y')).toMatch(/NetConnection\.Connect\.Rejected[^]*bandcheck rejected/)
})
