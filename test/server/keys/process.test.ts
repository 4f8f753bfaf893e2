import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RtmpClient } from 'millrace/node'
import { expect, onTestFinished, vi } from 'vitest'
import { parseConfig } from '../../../examples/server/config/config.ts'
import { EventLog } from '../../../examples/server/event-log.ts'
import { startServer } from '../../../examples/server/server.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { publish } from '../driving.ts'
import { startWith } from '../running.ts'
import { tryKeys } from './try-keys.ts'

tryKeys('process', {
  async include() {
    const file = join(await tempFolder(), 'site.yaml')
    await writeFile(file, 'serverId: edge-8\n')
    const { httpUrl } = await startWith(`include: ${file}`)
    expect(await (await fetch(`${httpUrl}/api/v1/versions`)).json()).toMatchObject({ server: 'edge-8' })
  },
  async serverId() {
    const { httpUrl } = await startWith('serverId: edge-7')
    expect(await (await fetch(`${httpUrl}/api/v1/versions`)).json()).toMatchObject({ server: 'edge-7' })
  },
  async watch() {
    const file = join(await tempFolder(), 'server.yaml')
    await writeFile(file, '')
    const server = await startWith('watch: true', { file, watchIntervalMs: 5 })
    server.edit('watch: true\nvhosts: { a.test: {} }')
    await vi.waitFor(async () => {
      await writeFile(file, 'changed')
      expect(server.hubs.get('a.test')).toBeDefined()
    })
  },
  async logFormat() {
    const { logFormat } = parseConfig('logFormat: json')
    const lines: string[] = []
    new EventLog((line) => lines.push(line), logFormat).line('hello')
    expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'message', text: 'hello' })
  },
  async pidFile() {
    const pidFile = join(await tempFolder(), 'pid')
    const door = '{ port: 0, host: 127.0.0.1 }'
    const config = parseConfig(`pidFile: ${pidFile}\nrtmp: ${door}\nhttp: ${door}`)
    const server = await startServer(config, new EventLog(() => undefined))
    expect(await readFile(pidFile, 'utf8')).toBe(`${process.pid}\n`)
    await server.close()
    expect(existsSync(pidFile)).toBe(false)
    await expect(startWith(`pidFile: ${pidFile}/x`)).rejects.toThrow(/^pidFile: ENOENT|ENOTDIR/)
  },
  async drainMs() {
    const server = await startWith('drainMs: 1')
    const client = await publish(server, '/live/show')
    onTestFinished(() => client.close())
    expect(await server.drain()).toBe(false)
    await expect(RtmpClient.publish(`${server.rtmpUrl}/live/other`)).rejects.toThrow('ECONNREFUSED')
  },
})
