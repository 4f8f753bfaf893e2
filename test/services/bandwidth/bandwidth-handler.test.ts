import { gzipSync } from 'node:zlib'
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { VirtualClock } from 'millrace/hub'
import { BandwidthHandler, type BandwidthHandlerOptions } from 'millrace/services/bandwidth'
import { describe, expect, it } from 'vitest'
import { type GetOptions, MemoryServer, settle } from '../../node/http/http-harness.ts'

const TOKEN = { headers: { Authorization: 'Bearer t0ken' } }

class Place extends MemoryServer {
  readonly clock = new VirtualClock()
  readonly handler: BandwidthHandler

  constructor(options: Partial<BandwidthHandlerOptions> = {}) {
    super((request, response) => {
      if (!this.handler.handle(request, response)) response.writeHead(418).end('not mine')
    })
    this.handler = new BandwidthHandler({ authentication: { token: 't0ken' }, clock: this.clock, ...options })
  }

  /** Bytes of a whole answer. */
  async bytes(path: string, options: GetOptions = TOKEN): Promise<Buffer> {
    return Buffer.concat(await (await this.get(path, options)).toArray())
  }

  /** Uploads `parts`, the clock moving by `stepMs` before each but the first. */
  async upload(
    parts: readonly number[],
    stepMs = 0,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, fail) => {
      const request = httpRequest({
        path: '/bandwidth/upload',
        method: 'POST',
        headers: { Host: 'example.com', ...TOKEN.headers, ...headers },
        createConnection: () => this.connect(),
      })
      request.once('error', fail)
      request.once('response', (response) => {
        void text(response).then((body) => resolve({ status: response.statusCode!, body }))
      })
      const send = async (): Promise<void> => {
        for (const [i, bytes] of parts.entries()) {
          if (i > 0) this.clock.advance(stepMs)
          request.write(Buffer.alloc(bytes, 'x'))
          await settle()
        }
        request.end()
      }
      send().catch(fail)
    })
  }
}

describe('a download', () => {
  it('has as many bytes as asked for, which nothing makes smaller', async () => {
    const server = new Place()
    const response = await server.get('/bandwidth/download?bytes=1000000', TOKEN)
    expect(response.statusCode).toBe(200)
    expect(response.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '1000000',
      'cache-control': 'no-store, no-transform',
      'access-control-allow-origin': '*',
    })
    const body = Buffer.concat(await response.toArray())
    expect(body).toHaveLength(1_000_000)
    expect(gzipSync(body).length).toBeGreaterThan(999_000)
    expect(await server.bytes('/bandwidth/download?bytes=0')).toHaveLength(0)
    expect(server.handler.transferCount).toBe(0)
  })

  it('goes on for as long as asked for', async () => {
    const server = new Place()
    const response = await server.get('/bandwidth/download?ms=500', { ...TOKEN, windowBytes: 65_536 })
    expect(response.headers['content-length']).toBeUndefined()
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      server.clock.advance(10)
    })
    await new Promise((resolve) => response.once('end', resolve))
    expect(bytes).toBeGreaterThan(500_000)
    expect(server.clock.now()).toBeGreaterThanOrEqual(500)
    expect(server.clock.now()).toBeLessThan(700)
    expect(server.clock.pending).toBe(0)
  })

  it.each([
    ['bytes=100', 100],
    ['bytes=101', 100],
  ])('of %s is no larger than allowed', async (query, length) => {
    expect(await new Place({ maxBytes: 100 }).bytes(`/bandwidth/download?${query}`)).toHaveLength(length)
  })

  it('by time is no larger either', async () => {
    expect(await new Place({ maxBytes: 600_000 }).bytes('/bandwidth/download?ms=1000')).toHaveLength(600_000)
  })

  it('that lasts too long is cut', async () => {
    const server = new Place({ maxDurationMs: 1_000 })
    const response = await server.get('/bandwidth/download?bytes=10000000', { ...TOKEN, windowBytes: 65_536 })
    response.on('data', () => server.clock.advance(100))
    const failed = await new Promise((resolve) => response.once('error', resolve))
    expect(failed).toMatchObject({ code: 'ECONNRESET' })
    expect(server.handler.transferCount).toBe(0)
  })

  it('by a client that does not read is ended', async () => {
    const server = new Place({ maxDurationMs: 1_000 })
    const client = server.connect(65_536)
    client.write('GET /bandwidth/download?ms=1000 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t0ken\r\n\r\n')
    await settle()
    expect(server.handler.transferCount).toBe(1)
    // A block waits, and Node's own buffer below it.
    expect(server.sockets[0]!.writableLength).toBeLessThan(400_000)
    server.clock.advance(5_999)
    await settle()
    expect(server.handler.transferCount).toBe(1)
    server.clock.advance(1)
    await settle()
    expect(server.handler.transferCount).toBe(0)
    expect(server.clock.pending).toBe(0)
  })

  it.each(['', '?bytes=-1', '?bytes=1e3', '?ms=', '?bytes=1&ms=1', '?bytes=9999999999999999'])(
    'for %j is none',
    async (query) => {
      expect(await new Place().fetch(`/bandwidth/download${query}`, TOKEN)).toMatchObject({
        status: 400,
        body: 'bytes or ms\n',
      })
    },
  )

  it('is announced by HEAD', async () => {
    const server = new Place()
    const head = await server.fetch('/bandwidth/download?bytes=5', { method: 'HEAD', ...TOKEN })
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '5' } })
    expect(server.handler.transferCount).toBe(0)
  })
})

describe('an upload', () => {
  it('is counted and timed', async () => {
    const server = new Place()
    const { status, body } = await server.upload([1_000, 2_000, 3_000], 50)
    expect([status, JSON.parse(body)]).toEqual([200, { bytes: 6_000, durationMs: 100 }])
    expect(JSON.parse((await server.upload([])).body)).toEqual({ bytes: 0, durationMs: 0 })
    expect(server.handler.transferCount).toBe(0)
    expect(server.clock.pending).toBe(0)
  })

  it.each([
    [5_000, 200],
    [5_001, 413],
  ])('of %d bytes, announced or not, is answered with %d', async (bytes, status) => {
    const server = new Place({ maxBytes: 5_000 })
    expect((await server.upload([bytes])).status).toBe(status)
    expect((await server.upload([bytes], 0, { 'Content-Length': String(bytes) })).status).toBe(status)
    expect(server.handler.transferCount).toBe(0)
  })

  it.each([
    [1_000, 200],
    [1_001, 408],
  ])('that lasts %d ms is answered with %d', async (ms, status) => {
    expect((await new Place({ maxDurationMs: 1_000 }).upload([10, 10], ms)).status).toBe(status)
  })
})

describe('everything else', () => {
  it('a ping has no body', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await new Place().fetch('/bandwidth/ping', { method, ...TOKEN })
      expect(answer).toMatchObject({
        status: 204,
        body: '',
        headers: { 'cache-control': 'no-store, no-transform' },
      })
    }
  })

  it.each([
    [2, 200],
    [3, 503],
  ])('transfer %d at a time is answered with %d', async (count, status) => {
    const server = new Place({ maxTransfers: 2 })
    const stalled = Array.from({ length: count - 1 }, () => server.connect(65_536))
    for (const client of stalled)
      client.write(
        'GET /bandwidth/download?ms=9000 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t0ken\r\n\r\n',
      )
    await settle()
    expect((await server.fetch('/bandwidth/download?bytes=3', TOKEN)).status).toBe(status)
    expect((await server.upload([10])).status).toBe(status)
    expect((await server.fetch('/bandwidth/ping', TOKEN)).status).toBe(204)
    server.handler.close()
    await settle()
    expect(server.handler.transferCount).toBe(0)
  })

  it('asks for credentials, but for a preflight', async () => {
    const server = new Place()
    for (const path of ['ping', 'download?bytes=1']) {
      const answer = await server.fetch(`/bandwidth/${path}`)
      expect(answer).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': expect.stringContaining('Bearer') },
      })
    }
    expect((await server.upload([10], 0, { Authorization: 'Bearer wrong' })).status).toBe(401)
    const preflight = await server.fetch('/bandwidth/upload', { method: 'OPTIONS' })
    expect(preflight).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-methods': 'POST, OPTIONS', 'access-control-allow-origin': '*' },
    })
    const elsewhere = new Place({ authentication: 'loopback' })
    expect((await elsewhere.fetch('/bandwidth/ping')).status).toBe(403)
  })

  it.each([
    ['GET', 'upload', 'POST, OPTIONS'],
    ['POST', 'download', 'GET, HEAD, OPTIONS'],
    ['DELETE', 'ping', 'GET, HEAD, OPTIONS'],
  ])('%s %s is not allowed', async (method, path, allow) => {
    const answer = await new Place().fetch(`/bandwidth/${path}`, { method, ...TOKEN })
    expect(answer).toMatchObject({ status: 405, headers: { allow } })
  })

  it('leaves other paths alone', async () => {
    const server = new Place({ prefix: '/speed/' })
    for (const path of ['/bandwidth/ping', '/speed', '/speed/', '/speed/other', '/speed/%'])
      expect((await server.fetch(path, TOKEN)).status).toBe(418)
    expect((await server.fetch('/speed/ping', TOKEN)).status).toBe(204)
  })

  it('wants options that make sense', () => {
    for (const options of [
      {},
      { authentication: 'none', maxBytes: 0 },
      { authentication: 'none', prefix: 'x' },
      { authentication: 'none', unknown: 1 },
    ])
      expect(() => new BandwidthHandler(options as BandwidthHandlerOptions)).toThrow(TypeError)
  })
})
