import { copyFile, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { Backend } from '../services/callbacks/backend.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { CLIP, publishClip, ROUND_MS } from './driving.ts'
import { startWith, type TestServer } from './running.ts'

interface Service {
  readonly name: string
  readonly running: boolean
  readonly status: { readonly file: string } | null
}

async function ask<Answer>({ httpUrl }: TestServer, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${httpUrl}/api/v1${path}`, init)
  return { status: response.status, ...((await response.json()) as object) } as Answer
}

async function recordPath(server: TestServer): Promise<string> {
  const { streams } = await ask<{ streams: { id: string }[] }>(server, '/streams')
  return `/streams/${streams[0]!.id}/services`
}

it('the API starts, shows and stops a recording, and on_dvr tells of it', async () => {
  const backend = await Backend.start()
  const directory = await tempFolder()
  const server = await startWith(`
record: { directory: ${directory}, start: on-demand }
callbacks: { urls: { on_dvr: '${backend.url}/dvrs' } }
`)
  const client = await publishClip(server)
  const path = await recordPath(server)
  const start = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"format":"mp4"}' }
  expect(await ask(server, `${path}/record`, start)).toMatchObject({ status: 200, code: 0 })
  for (const packet of CLIP) if (packet.coded) client.write(packet.withDts(packet.dts + ROUND_MS))
  await vi.waitFor(async () => {
    const { services } = await ask<{ services: Service[] }>(server, path)
    const record = services.find(({ name }) => name === 'record')
    expect(record).toMatchObject({ running: true, status: { state: 'recording', format: 'mp4' } })
  })
  expect(await ask(server, `${path}/record`, { method: 'DELETE' })).toMatchObject({ status: 200, code: 0 })
  await vi.waitFor(() => expect(backend.actions).toEqual(['on_dvr']))
  const [{ body }] = backend.calls as [Backend['calls'][0]]
  expect(body).toMatchObject({
    action: 'on_dvr',
    app: 'live',
    stream: 'show',
    ip: '127.0.0.1',
    cwd: process.cwd(),
  })
  expect(body['file']).toMatch(new RegExp(`^${directory}/live/show\\.\\d{13}\\.mp4$`))
  const { data } = await ask<{ data: { items: object[] } }>(server, '/services/record')
  expect(data.items).toMatchObject([
    { state: 'finished', stream: '/live/show', file: body['file'], reason: 'stopped' },
  ])
})

it('where it is off it cannot be started', async () => {
  const server = await startWith('')
  await publishClip(server)
  const answer = await ask(server, `${await recordPath(server)}/record`, { method: 'PUT' })
  expect(answer).toMatchObject({ status: 400 })
})

it('a reload ends files and begins others, and the stream goes on', async () => {
  const [before, after] = [await tempFolder(), await tempFolder()]
  const server = await startWith(`record: { directory: ${before} }`)
  const client = await publishClip(server)
  server.edit(`record: { directory: ${after} }`)
  await server.reload()
  for (const packet of CLIP) if (packet.coded) client.write(packet.withDts(packet.dts + ROUND_MS))
  await client.close()
  await vi.waitFor(async () => {
    for (const directory of [before, after]) {
      expect(await readdir(`${directory}/live`)).toEqual([expect.stringMatching(/^show\.\d+\.flv$/)])
    }
  })
})

it('files of the last run are finished at the start', async () => {
  const [before, after] = [await tempFolder(), await tempFolder()]
  await publishClip(await startWith(`record: { directory: ${before} }`))
  const [file] = await vi.waitFor(async () => {
    const files = await readdir(join(before, 'live'))
    expect((await stat(join(before, 'live', files[0]!))).size).toBeGreaterThan(100_000)
    return files
  })
  await mkdir(join(after, 'live'))
  // As a process with the id of this one left it.
  await copyFile(join(before, 'live', file!), join(after, `live/show.flv.${process.pid}-0.tmp`))
  const server = await startWith(`record: { directory: ${after} }`)
  await vi.waitFor(() =>
    expect(server.lines.join('\n')).toMatch(/recorded \/live\/show: .*\/live\/show\.flv, 8\.. s, recovered/),
  )
})
