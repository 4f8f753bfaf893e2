import { getEventListeners, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { Hub, VirtualClock } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import { HttpFlvClient, LiveHandler } from 'millrace/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readClip } from '../../support/clips.ts'
import { TLS } from '../../support/tls.ts'
import { packetsOf } from './http-harness.ts'
import { settle } from '../memory-world.ts'

const BYTES = readClip('avc-aac-bframes.flv')
const CLIP = packetsOf('avc-aac-bframes.flv')

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A server on a free port. @returns its origin. */
async function serve(handler: Handler, secure = false): Promise<string> {
  const server = secure ? createSecureServer(TLS, handler) : createServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`
}

function media(packets: readonly MediaPacket[]): string[] {
  return packets.filter(({ coded }) => coded).map(({ kind, dts, body }) => `${kind} ${dts} ${body.length}`)
}

async function collect(packets: AsyncIterable<MediaPacket>): Promise<MediaPacket[]> {
  const found: MediaPacket[] = []
  for await (const packet of packets) found.push(packet)
  return found
}

describe('a stream', () => {
  it('is played to its end, whole', async () => {
    const origin = await serve((_request, response) => response.end(BYTES))
    const client = await HttpFlvClient.play(`${origin}/live/show.flv`)
    expect(media(await collect(client))).toEqual(media(CLIP))
    expect(await client.closed).toEqual({ error: undefined })
    expect(client.receivedBytes).toBe(BYTES.length)
    expect(client.read()).toBeUndefined()
    await client.ready()
  })

  it('of our server is played, and left', async () => {
    const hub = new Hub()
    const live = new LiveHandler({ hub })
    const origin = await serve((request, response) => void live.handle(request, response))
    const publisher = hub.publish('/live/show')
    for (const packet of CLIP.slice(0, 100)) publisher.write(packet)
    const client = await HttpFlvClient.play(`${origin}/live/show.flv`)
    const packets: MediaPacket[] = []
    for await (const packet of client) {
      packets.push(packet)
      if (packet.keyframe) break
    }
    expect(packets.map(({ kind, configuration }) => `${kind} ${configuration}`)).toEqual([
      'data true',
      'audio true',
      'video true',
      'video false',
    ])
    expect(await client.closed).toEqual({ error: undefined })
    live.close()
    hub.close()
  })

  it('over TLS is played, with a user for a server that wants one', async () => {
    const seen: (string | undefined)[] = []
    const origin = await serve((request, response) => {
      seen.push(request.headers.authorization, request.headers['x-key'] as string)
      response.end(BYTES)
    }, true)
    const url = `${origin.replace('//', '//me:pa%20ss@')}/live/show.flv`
    await using client = await HttpFlvClient.play(url, { tls: { ca: TLS.cert }, headers: { 'x-key': '1' } })
    expect(seen).toEqual([`Basic ${Buffer.from('me:pa ss').toString('base64')}`, '1'])
    expect(client.read()).toBeDefined()
    await expect(HttpFlvClient.play(url)).rejects.toThrow('self-signed certificate')
  })

  it('lets the server wait while nobody reads', async () => {
    let pending: ServerResponse | undefined
    const origin = await serve((_request, response) => {
      pending = response
      response.write(BYTES)
      for (let i = 0; i < 40; i++) response.write(BYTES.subarray(13))
      response.end()
    })
    const client = await HttpFlvClient.play(`${origin}/live/show.flv`, { maxReadBytes: 50_000 })
    for (let i = 0; i < 20; i++) await settle()
    expect(pending!.writableLength).toBeGreaterThan(BYTES.length)
    const packets = await collect(client)
    expect(packets).toHaveLength(41 * CLIP.length)
  })
})

describe('a server', () => {
  it.each([
    ['a status but 200', 404, {}, 'status 404'],
    ['a redirect without a place', 302, {}, 'the server redirects without a URL'],
    [
      'a redirect to another protocol',
      302,
      { location: 'ftp://host/x' },
      'a URL that is neither http: nor https:',
    ],
  ])('with %s is refused', async (_name, status, headers, message) => {
    const origin = await serve((_request, response) => response.writeHead(status, headers).end('no'))
    await expect(HttpFlvClient.play(`${origin}/live/show.flv`)).rejects.toMatchObject({
      name: 'ProtocolError',
      code: 'ERR_HTTP_STATUS',
      message: expect.stringContaining(message) as string,
    })
  })

  it('that ends before the stream begins is no stream', async () => {
    const origin = await serve((_request, response) => response.end())
    await expect(HttpFlvClient.play(`${origin}/live/show.flv`)).rejects.toMatchObject({
      code: 'ERR_HTTP_ENDED',
    })
  })

  it('that sends a short page says that it is not FLV', async () => {
    const origin = await serve((_request, response) => response.end('<p>no such stream</p>'))
    await expect(HttpFlvClient.play(`${origin}/live/show.flv`)).rejects.toMatchObject({
      name: 'DecodeError',
      code: 'ERR_FLV_NO_TAG',
    })
  })

  it('that sends something else is given up', async () => {
    const origin = await serve((_request, response) =>
      response.end(Buffer.alloc(10_000, '<p>no such stream</p>')),
    )
    const flv = { maxSkippedBytes: 5_000 }
    await expect(HttpFlvClient.play(`${origin}/live/show.flv`, { flv })).rejects.toMatchObject({
      code: 'ERR_FLV_SKIPPED',
    })
  })

  it('that breaks off in the middle says so', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 10_000_000 })
      response.write(BYTES.subarray(0, 50_000), () => response.destroy())
    })
    const client = await HttpFlvClient.play(`${origin}/live/show.flv`)
    await collect(client)
    expect((await client.closed).error).toMatchObject({ code: 'ECONNRESET' })
  })

  it('that is not there is named', async () => {
    const listener = createTcpServer()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as AddressInfo
    await new Promise((resolve) => listener.close(resolve))
    await expect(HttpFlvClient.play(`http://127.0.0.1:${port}/live/show.flv`)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  it.each(['rtmp://host/live/show', 'live/show', 'ftp://host/x'])('cannot be asked by %s', async (url) => {
    await expect(HttpFlvClient.play(url)).rejects.toThrow(TypeError)
  })
})

describe('redirects', () => {
  it('are followed, with the headers that the other host may see', async () => {
    const seen: unknown[] = []
    const last = await serve((request, response) => {
      seen.push(request.url, request.headers.authorization, request.headers.cookie, request.headers['x-key'])
      response.end(BYTES)
    })
    const first = await serve((request, response) => {
      seen.push(request.headers.cookie)
      const location = request.url === '/a' ? '/b' : `${last}/moved.flv?t=1`
      response.writeHead(request.url === '/a' ? 302 : 307, { location }).end()
    })
    const headers = { Authorization: 'Bearer x', cookie: 'a=1', 'x-key': '1' }
    const client = await HttpFlvClient.play(`${first}/a`, { headers, maxRedirects: 2 })
    await client.close()
    expect(seen).toEqual(['a=1', 'a=1', '/moved.flv?t=1', undefined, undefined, '1'])
    await expect(HttpFlvClient.play(`${first}/a`, { maxRedirects: 1 })).rejects.toMatchObject({
      code: 'ERR_HTTP_STATUS',
      message: 'the server redirects, beyond maxRedirects 1',
    })
  })

  it('out of TLS are followed only when that is allowed', async () => {
    const plain = await serve((_request, response) => response.end(BYTES))
    const secure = await serve((_request, response) => {
      response.writeHead(302, { location: `${plain}/show.flv` }).end()
    }, true)
    const tls = { ca: TLS.cert }
    await expect(HttpFlvClient.play(`${secure}/a`, { tls })).rejects.toThrow('from https: to http:')
    const client = await HttpFlvClient.play(`${secure}/a`, { tls, allowInsecureRedirects: true })
    await client.close()
  })
})

describe('time and signals', () => {
  it('a server that says nothing is given up', async () => {
    const clock = new VirtualClock()
    // The request has arrived.
    const origin = await serve(() => clock.advance(5_000))
    await expect(HttpFlvClient.play(`${origin}/a`, { clock, connectTimeoutMs: 5_000 })).rejects.toMatchObject(
      {
        name: 'LimitError',
        code: 'ERR_HTTP_TIMEOUT',
        message: 'the stream did not begin within 5000 ms',
      },
    )
    expect(clock.pending).toBe(0)
  })

  it('a server that answers and sends nothing is given up', async () => {
    const clock = new VirtualClock()
    const origin = await serve((_request, response) => {
      response.flushHeaders()
      setImmediate(() => clock.advance(5_000))
    })
    await expect(HttpFlvClient.play(`${origin}/a`, { clock, connectTimeoutMs: 5_000 })).rejects.toMatchObject(
      {
        code: 'ERR_HTTP_TIMEOUT',
      },
    )
    expect(clock.pending).toBe(0)
  })

  it('silence in the middle ends it, unless any is allowed', async () => {
    const clock = new VirtualClock()
    const origin = await serve((_request, response) => void response.write(BYTES.subarray(0, 50_000)))
    const client = await HttpFlvClient.play(`${origin}/a`, { clock, mediaTimeoutMs: 3_000 })
    const patient = await HttpFlvClient.play(`${origin}/a`, { clock, mediaTimeoutMs: 0 })
    while (client.read() !== undefined);
    clock.advance(2_900)
    expect(client.read()).toBeUndefined()
    clock.advance(600)
    expect((await client.closed).error).toMatchObject({
      code: 'ERR_HTTP_TIMEOUT',
      message: 'nothing came within 3000 ms',
    })
    clock.advance(600_000)
    let isOver = false
    void patient.closed.then(() => (isOver = true))
    await settle()
    expect(isOver).toBe(false)
    await patient.close()
    expect(clock.pending).toBe(0)
  })

  it('a signal gives up connecting, and hangs up', async () => {
    const origin = await serve((request, response) => {
      if (request.url === '/begin') response.write(BYTES.subarray(0, 50_000))
    })
    const gone = new AbortController()
    const client = await HttpFlvClient.play(`${origin}/begin`, { signal: gone.signal })
    const playing = HttpFlvClient.play(`${origin}/silence`, { signal: gone.signal })
    const reason = new Error('changed my mind')
    gone.abort(reason)
    await expect(playing).rejects.toBe(reason)
    expect(await client.closed).toEqual({ error: reason })
    await expect(HttpFlvClient.play(`${origin}/begin`, { signal: gone.signal })).rejects.toBe(reason)
    expect(getEventListeners(gone.signal, 'abort')).toEqual([])
  })
})
