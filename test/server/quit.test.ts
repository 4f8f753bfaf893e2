/** The end of a server, and what it says meanwhile. */
import { RtmpClient } from 'millrace/node'
import { expect, it, onTestFinished } from 'vitest'
import { parseConfig } from '../../examples/server/config/config.ts'
import { EventLog } from '../../examples/server/event-log.ts'
import { startServer } from '../../examples/server/server.ts'
import { startWith } from './running.ts'

it('drains: accepts nobody, and waits for who is there', async () => {
  const server = await startWith('drainMs: 60000')
  const client = await RtmpClient.publish(`${server.rtmpUrl}/live/show`)
  onTestFinished(() => client.close())
  const drained = server.drain()
  await expect(RtmpClient.publish(`${server.rtmpUrl}/live/other`)).rejects.toThrow('ECONNREFUSED')
  await expect(fetch(server.httpUrl)).rejects.toThrow('fetch failed')
  await client.close()
  expect(await drained).toBe(true)
})

it('logs in JSON with the id of the client, without its key', async () => {
  const lines: Record<string, unknown>[] = []
  const log = new EventLog((line) => lines.push(JSON.parse(line) as Record<string, unknown>), 'json')
  const config = parseConfig(`
rtmp: { port: 0, host: 127.0.0.1 }
http: { port: 0, host: 127.0.0.1 }
publishKeys: [{ key: s3cret, stream: /live/show }]
`)
  const server = await startServer(config, log)
  const client = await RtmpClient.publish(`${server.rtmpUrl}/live/s3cret`)
  await client.close()
  await server.close()
  expect(lines.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['connection', 'connect', 'publish', 'unpublish', 'close', 'gone']),
  )
  const ids = new Set(lines.map((line) => line['client']).filter((id) => id !== undefined))
  expect(ids.size).toBe(1)
  expect(lines.find(({ event }) => event === 'publish')).toMatchObject({ vhost: '', stream: '/live/show' })
  expect(JSON.stringify(lines)).not.toContain('s3cret')
})
