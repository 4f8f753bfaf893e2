/** Certificates that are renewed while the server runs. */
import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { RtmpServer } from 'millrace/node'
import { Hub } from 'millrace/hub'
import { expect, it, vi } from 'vitest'
import { readText, ROOT } from '../support/project.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { TLS } from '../support/tls.ts'
import { publish } from './driving.ts'
import { startWith, type TestServer } from './running.ts'

const PEM = join(ROOT, 'test/support/tls')
const RENEWED = readText('test/support/tls/renewed-certificate.pem')

/** Puts a certificate in place as certbot does: one file after the other. */
async function install(folder: string, name: '' | 'renewed-'): Promise<void> {
  await copyFile(join(PEM, `${name}certificate.pem`), join(folder, 'certificate.pem'))
  await copyFile(join(PEM, `${name}key.pem`), join(folder, 'key.pem'))
}

function config(folder: string): string {
  const port = `port: 0, host: 127.0.0.1, tls: { cert: ${folder}/certificate.pem, key: ${folder}/key.pem }`
  return `rtmp: { ${port} }\nhttp: { ${port} }\nhttps: { ${port} }\noperator: { ${port} }`
}

/** Which certificate a port shows: the old one, the new one. */
async function shown(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { raw } = socket.getPeerCertificate()
  socket.destroy()
  const pem = raw.toString('base64')
  const is = (text: string): boolean => text.replaceAll('\n', '').includes(pem)
  return is(TLS.cert) ? 'old' : is(RENEWED) ? 'new' : 'another'
}

async function allShown({ rtmpUrl, httpUrl, httpsUrl, operatorUrl }: TestServer): Promise<string[]> {
  return await Promise.all([rtmpUrl, httpUrl, httpsUrl!, operatorUrl].map(shown))
}

const OLD = ['old', 'old', 'old', 'old']
const NEW = ['new', 'new', 'new', 'new']

it('are read again by a reload, at all ports, and connections go on', async () => {
  const folder = await tempFolder()
  await install(folder, '')
  const server = await startWith(config(folder), { watchIntervalMs: 3_600_000 })
  await publish(server, '/live/show', { tls: { ca: TLS.cert } })
  expect(await allShown(server)).toEqual(OLD)
  await install(folder, 'renewed-')
  expect(await allShown(server)).toEqual(OLD)
  await server.reload()
  expect(await allShown(server)).toEqual(NEW)
  expect(server.hub.source('/live/show')?.publisher).toBeDefined()
  expect(server.lines.join()).toContain('new certificate for rtmp, http, https, operator')
  // They are no change of a port.
  expect(server.lines.join()).not.toContain('will change at the next start')
})

it('are read again by a reload from other files', async () => {
  const [folder, other] = [await tempFolder(), await tempFolder()]
  await install(folder, '')
  await install(other, 'renewed-')
  const server = await startWith(config(folder), { watchIntervalMs: 3_600_000 })
  server.edit(config(other))
  await server.reload()
  expect(await allShown(server)).toEqual(NEW)
  expect(server.lines.join()).not.toContain('will change at the next start')
})

it('are read again when they change, once both files are there', async () => {
  const folder = await tempFolder()
  await install(folder, '')
  const server = await startWith(config(folder), { watchIntervalMs: 20 })
  // Until they were looked at.
  await new Promise((resolve) => setTimeout(resolve, 200))
  await install(folder, 'renewed-')
  await vi.waitFor(async () => expect(await allShown(server)).toEqual(NEW))
})

it('stay when the new ones cannot be used, and the log says so', async () => {
  const folder = await tempFolder()
  await install(folder, '')
  const server = await startWith(config(folder), { watchIntervalMs: 20 })
  await new Promise((resolve) => setTimeout(resolve, 200))
  // Of another certificate.
  await copyFile(join(PEM, 'renewed-key.pem'), join(folder, 'key.pem'))
  await vi.waitFor(() => expect(server.lines.join()).toMatch(/rtmp\.tls: .*; keeping the old certificate/))
  await expect(server.reload()).rejects.toThrow(/rtmp\.tls/)
  expect(await allShown(server)).toEqual(OLD)
})

it('that cannot be used keep a server from starting, with the name of the section', async () => {
  const folder = await tempFolder()
  await install(folder, '')
  await copyFile(join(PEM, 'renewed-key.pem'), join(folder, 'key.pem'))
  await expect(startWith(config(folder))).rejects.toThrow(/^rtmp\.tls: /)
})

it('are nothing that a server without TLS has', () => {
  const server = new RtmpServer({ hub: new Hub() })
  expect(() => server.setSecureContext(TLS)).toThrow(TypeError)
})
