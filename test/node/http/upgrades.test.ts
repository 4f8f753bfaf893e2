/** WebSockets of a handler beside those of an application. */
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { Hub } from 'millrace/hub'
import { LiveHandler } from 'millrace/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { key, videoConfig } from '../../hub/fakes.ts'

/** A server of an application that echoes the body of any request. */
async function application(): Promise<{ server: Server; live: LiveHandler; port: number }> {
  const hub = new Hub()
  const live = new LiveHandler({ hub })
  const server = createServer((req, res) => {
    let body = ''
    req.setEncoding('utf8').on('data', (text: string) => (body += text))
    req.on('end', () => res.end(`${req.method} ${body}`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  hub.publish('/live/show').write(videoConfig(0))
  hub.source('/live/show')!.publisher!.write(key(0))
  onTestFinished(() => {
    live.close()
    hub.close()
    server.closeAllConnections()
    server.close()
  })
  return { server, live, port: (server.address() as AddressInfo).port }
}

/** A WebSocket server of the application, which answers every upgrade that it sees. */
function chat(_request: IncomingMessage, socket: Duplex): void {
  socket.end(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-By: chat\r\n\r\n',
  )
}

interface Told {
  readonly status: number | undefined
  readonly by: unknown
  readonly body: string
}

function ask(
  port: number,
  path: string,
  { method = 'GET', upgrade = 'websocket', body = '' } = {},
): Promise<Told> {
  const headers = {
    connection: 'Upgrade',
    upgrade,
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', // RFC 6455 §1.3
    ...(body !== '' && { 'content-length': body.length }),
  }
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: '127.0.0.1', path, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ status: response.statusCode, by: undefined, body: text }))
    })
    asking.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode, by: response.headers['x-by'], body: '' })
    })
    asking.on('error', reject)
    asking.end(body)
  })
}

describe.each(['before', 'after'])('set up %s the WebSockets of the application', (order) => {
  it('takes its own, and leaves the others', async () => {
    const { server, live, port } = await application()
    if (order === 'before') live.takeUpgrades(server)
    server.on('upgrade', chat)
    if (order === 'after') live.takeUpgrades(server)
    expect(await ask(port, '/live/show.flv')).toMatchObject({ status: 101, by: undefined })
    expect(await ask(port, '/chat')).toMatchObject({ status: 101, by: 'chat' })
  })
})

it("an upgrade that is nobody's is an ordinary request, with its body", async () => {
  const { server, live, port } = await application()
  live.takeUpgrades(server)
  const second = new LiveHandler({ hub: new Hub(), prefix: '/second' })
  second.takeUpgrades(server)
  expect(await ask(port, '/page')).toEqual({ status: 200, by: undefined, body: 'GET ' })
  // As curl --http2 asks.
  const put = { method: 'PUT', upgrade: 'h2c', body: '{"a":1}' }
  expect(await ask(port, '/page', put)).toEqual({ status: 200, by: undefined, body: 'PUT {"a":1}' })
})

it('can be ended', async () => {
  const { server, live, port } = await application()
  const end = live.takeUpgrades(server)
  server.on('upgrade', chat)
  end()
  expect(await ask(port, '/live/show.flv')).toMatchObject({ status: 101, by: 'chat' })
  expect(server.listenerCount('upgrade')).toBe(1)
})
