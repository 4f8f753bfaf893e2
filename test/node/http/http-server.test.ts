/** What an HTTP server does, whatever its handlers are. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type HttpHandler, HttpServer, type HttpServerOptions } from 'millrace/node'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { TLS } from '../../support/tls.ts'

/** A server, and what its handlers threw. */
interface Opened {
  readonly server: HttpServer
  readonly port: number
  readonly errors: [error: string, url: string | undefined][]
}

async function open(
  handle: HttpHandler['handle'] | HttpHandler,
  options: Partial<HttpServerOptions> = {},
): Promise<Opened> {
  const handler = typeof handle === 'function' ? { handle } : handle
  const server = new HttpServer({ handlers: [handler], ...options })
  onTestFinished(() => server.close())
  const errors: Opened['errors'] = []
  server.on('requestError', (error, { url }) => errors.push([String(error), url]))
  const { port }: AddressInfo = await server.listen({ port: 0, host: '127.0.0.1' })
  return { server, port, errors }
}

async function status(port: number, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  await response.text()
  return response.status
}

/** A connection that has sent `text`, and what it is answered. */
async function send({ port }: Opened, text: string): Promise<{ socket: Socket; answer: () => string }> {
  const socket = connect(port, '127.0.0.1')
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
  const opened = await open(() => ++asked > 0)
  const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  const { socket } = await send(opened, request.repeat(100))
  await vi.waitFor(() => expect(asked).toBe(100))
  expect(socket.closed).toBe(false)
  socket.write(request)
  await vi.waitFor(() => expect(socket.closed).toBe(true))
  expect(asked).toBe(100)
})

/** Says what was asked, with its body. */
const echo: HttpHandler['handle'] = (request, response) => {
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
    const opened = await open(echo)
    const { socket, answer } = await send(opened, text)
    await vi.waitFor(() => expect(answer()).toMatch(/^HTTP\/1\.1 200 OK\r\n/))
    await vi.waitFor(() => expect(answer()).toContain(said))
    // The connection goes on, also to the next upgrade.
    socket.write(text)
    await vi.waitFor(() => expect(answer().split(said)).toHaveLength(3))
  })

  test('after a request that has no answer yet ends the connection: its own could never be sent', async () => {
    const asked: (string | undefined)[] = []
    const opened = await open(({ url }) => asked.push(url) > 0)
    const { socket } = await send(opened, `GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\n${H2C}\r\n`)
    await vi.waitFor(() => expect(socket.closed).toBe(true))
    expect(asked).toEqual(['/a'])
  })

  test('whose body comes later, and byte by byte', async () => {
    const opened = await open(echo)
    const { socket, answer } = await send(opened, `POST /e HTTP/1.1\r\n${H2C}Content-Length: 4\r\n\r\n`)
    for (const byte of 'slow') {
      await new Promise((resolve) => setImmediate(resolve))
      socket.write(byte)
    }
    await vi.waitFor(() => expect(answer()).toContain('POST /e [slow]'))
  })

  test('that waits for 100 Continue', async () => {
    const opened = await open(echo)
    const head = `PUT /f HTTP/1.1\r\n${H2C}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`
    const { socket, answer } = await send(opened, head)
    await vi.waitFor(() => expect(answer()).toBe('HTTP/1.1 100 Continue\r\n\r\n'))
    socket.write('ok')
    await vi.waitFor(() => expect(answer()).toContain('PUT /f [ok]'))
  })

  test('over TLS', async () => {
    const { port } = await open(echo, { tls: TLS })
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
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

describe('what a handler throws', () => {
  test('is the end of one request', async () => {
    const { port, errors } = await open((request, response) => {
      if (request.url === '/begun') response.writeHead(200).write('x')
      if (request.url === '/done') response.end('done')
      if (request.url !== '/fine') throw new RangeError('Invalid string length')
      response.end('fine')
      return true
    })
    expect(await status(port, '/page')).toBe(500)
    await expect(status(port, '/begun')).rejects.toThrow('fetch failed')
    expect(await status(port, '/done')).toBe(200)
    expect(await status(port, '/fine')).toBe(200)
    expect(errors).toEqual([
      ['RangeError: Invalid string length', '/page'],
      ['RangeError: Invalid string length', '/begun'],
      ['RangeError: Invalid string length', '/done'],
    ])
  })

  test('or rejects with', async () => {
    const { port, errors } = await open(async () => Promise.reject(new Error('no database')))
    expect(await status(port, '/page')).toBe(500)
    expect(errors).toEqual([['Error: no database', '/page']])
  })

  test('at an upgrade', async () => {
    const opened = await open({
      handle: () => false,
      handleUpgrade: () => {
        throw new Error('no such room')
      },
    })
    const { socket, answer } = await send(
      opened,
      'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    await vi.waitFor(() => expect(socket.closed).toBe(true))
    expect(answer()).toMatch(/^HTTP\/1\.1 500 /)
    expect(opened.errors).toEqual([['Error: no such room', '/chat']])
  })
})

test('handlers are asked in order, also asynchronous ones, until one takes the request', async () => {
  const asked: string[] = []
  const named = (name: string, paths: readonly string[]): HttpHandler['handle'] => {
    return (request, response) => {
      asked.push(name)
      if (!paths.includes(request.url!)) return false
      response.end(name)
      return true
    }
  }
  const handlers = [
    { handle: named('a', ['/a']) },
    { handle: async (...args: Parameters<HttpHandler['handle']>) => await named('b', ['/a', '/b'])(...args) },
    { handle: named('c', ['/b', '/c']) },
  ]
  const { port } = await open(() => false, { handlers })
  expect(await status(port, '/a')).toBe(200)
  expect(await status(port, '/b')).toBe(200)
  expect(await status(port, '/c')).toBe(200)
  expect(await status(port, '/d')).toBe(404)
  expect(asked.join('')).toBe('a' + 'ab' + 'abc' + 'abc')
})

test('a server that is shut accepts nobody, and serves those who are connected', async () => {
  const opened = await open(echo)
  const { socket, answer } = await send(opened, 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1')
  await vi.waitFor(() => expect(answer()).toBe(''))
  await new Promise((resolve) => setImmediate(resolve))
  opened.server.shut()
  await expect(status(opened.port, '/b')).rejects.toThrow('fetch failed')
  socket.write('2')
  await vi.waitFor(() => expect(answer()).toContain('POST /a [12]'))
})

test('close ends connections, also those that were upgraded', async () => {
  const opened = await open({
    handle: () => false,
    handleUpgrade: (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
  })
  const { socket, answer } = await send(
    opened,
    'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  )
  await vi.waitFor(() => expect(answer()).toContain(' 101 '))
  await opened.server.close()
  await vi.waitFor(() => expect(socket.closed).toBe(true))
  await expect(opened.server.listen({ port: 0, host: '127.0.0.1' })).rejects.toThrow('the server is closed')
})

test('a certificate that cannot be used leaves the old one, and there is none without tls', async () => {
  const { server, port } = await open(echo, { tls: TLS })
  expect(() => server.setSecureContext({ cert: 'none', key: TLS.key })).toThrow('PEM')
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  expect(() => new HttpServer({ handlers: [] }).setSecureContext(TLS)).toThrow(
    new TypeError('an HttpServer without tls has no certificate'),
  )
})

test('options are checked', () => {
  expect(() => new HttpServer({} as HttpServerOptions)).toThrow(
    new TypeError('HttpServer: handlers is missing, a list of handlers'),
  )
  expect(() => new HttpServer({ handlers: [{}] } as unknown as HttpServerOptions)).toThrow(TypeError)
  expect(() => new HttpServer({ handlers: [], port: 1 } as HttpServerOptions)).toThrow(
    new TypeError('HttpServer: unknown option port'),
  )
  expect(() => new HttpServer({ handlers: [], maxPipelinedRequests: 0 })).toThrow(RangeError)
})
