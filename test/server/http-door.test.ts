/** What an HTTP port does whatever is behind it. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { resolve } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { readCertificate } from '../../examples/server/certificates.ts'
import { HttpDoor, type RequestHandler } from '../../examples/server/http-door.ts'

async function open(handler: RequestHandler): Promise<HttpDoor> {
  const door = await HttpDoor.open(
    { port: 0, host: '127.0.0.1' },
    [handler],
    () => false,
    () => undefined,
  )
  onTestFinished(() => door.close())
  return door
}

/** A connection that has sent `text`, and what it is answered. */
async function send({ url }: HttpDoor, text: string): Promise<{ socket: Socket; answer: () => string }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const parts: Buffer[] = []
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => parts.push(bytes))
  await once(socket, 'connect')
  socket.write(text)
  return { socket, answer: () => Buffer.concat(parts).toString('latin1') }
}

test('a client that asks on without an answer is cut off', async () => {
  let asked = 0
  const door = await open(() => ++asked > 0)
  const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  const { socket } = await send(door, request.repeat(100))
  await vi.waitFor(() => expect(asked).toBe(100))
  expect(socket.closed).toBe(false)
  socket.write(request)
  await vi.waitFor(() => expect(socket.closed).toBe(true))
  expect(asked).toBe(100)
})

/** Says what was asked, with its body. */
const echo: RequestHandler = (request, response) => {
  let body = ''
  request.on('data', (bytes: Buffer) => (body += bytes.toString()))
  request.on('end', () => response.end(`${request.method} ${request.url} [${body}]`))
  return true
}

describe('an upgrade that is not taken leaves an ordinary request', () => {
  // As curl 8 sends it with --http2.
  const H2C =
    'Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n'
  const WEBSOCKET =
    'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

  test.each([
    [
      'with a body of known length',
      `PUT /a HTTP/1.1\r\n${H2C}Content-Length: 11\r\n\r\n{"go":true}`,
      'PUT /a [{"go":true}]',
    ],
    [
      'with a body in chunks',
      `PUT /b HTTP/1.1\r\n${H2C}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
      'PUT /b [abcde]',
    ],
    ['without a body', `GET /c HTTP/1.1\r\n${H2C}\r\n`, 'GET /c []'],
    ['to a WebSocket that nobody serves', `GET /d HTTP/1.1\r\n${WEBSOCKET}\r\n`, 'GET /d []'],
  ])('%s', async (_, text, said) => {
    const door = await open(echo)
    const { socket, answer } = await send(door, text)
    await vi.waitFor(() => expect(answer()).toMatch(/^HTTP\/1\.1 200 OK\r\n/))
    await vi.waitFor(() => expect(answer()).toContain(said))
    // The connection goes on, also to the next upgrade.
    socket.write(text)
    await vi.waitFor(() => expect(answer().split(said)).toHaveLength(3))
  })

  test('whose body comes later, and byte by byte', async () => {
    const door = await open(echo)
    const { socket, answer } = await send(door, `POST /e HTTP/1.1\r\n${H2C}Content-Length: 4\r\n\r\n`)
    for (const byte of 'slow') {
      await new Promise((resolve) => setImmediate(resolve))
      socket.write(byte)
    }
    await vi.waitFor(() => expect(answer()).toContain('POST /e [slow]'))
  })

  test('that waits for 100 Continue', async () => {
    const door = await open(echo)
    const head = `PUT /f HTTP/1.1\r\n${H2C}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`
    const { socket, answer } = await send(door, head)
    await vi.waitFor(() => expect(answer()).toBe('HTTP/1.1 100 Continue\r\n\r\n'))
    socket.write('ok')
    await vi.waitFor(() => expect(answer()).toContain('PUT /f [ok]'))
  })

  test('over TLS', async () => {
    const folder = resolve(import.meta.dirname, '../support/tls')
    const files = { cert: resolve(folder, 'certificate.pem'), key: resolve(folder, 'key.pem') }
    const door = await HttpDoor.open(
      { port: 0, host: '127.0.0.1' },
      [echo],
      () => false,
      () => undefined,
      readCertificate('http', files),
    )
    onTestFinished(() => door.close())
    const socket = connectTls({
      port: Number(new URL(door.url).port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
    })
    onTestFinished(() => void socket.destroy())
    let answer = ''
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString()))
    socket.write(`PUT /g HTTP/1.1\r\n${H2C}Content-Length: 3\r\n\r\nyes`)
    await vi.waitFor(() => expect(answer).toContain('PUT /g [yes]'))
  })
})

test('CONNECT is answered', async () => {
  const { socket, answer } = await send(
    await open(echo),
    'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n',
  )
  await vi.waitFor(() => expect(answer()).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/))
  await vi.waitFor(() => expect(socket.closed).toBe(true))
})
