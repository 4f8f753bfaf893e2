import { Hub, redirect } from 'millrace/hub'
import {
  duplexPair,
  RtmpClient,
  type RtmpConnection,
  RtmpServer,
  type RtmpServerOptions,
} from 'millrace/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { TLS } from '../../support/tls.ts'
import { World } from '../memory-world.ts'

async function serve(
  options: Partial<RtmpServerOptions> & { readonly tls?: typeof TLS } = {},
): Promise<number> {
  const hub = options.hub ?? new Hub()
  const server = new RtmpServer({ ...options, hub })
  const { port } = await server.listen({
    port: 0,
    host: '127.0.0.1',
    ...(options.tls && { tls: options.tls }),
  })
  onTestFinished(async () => {
    if (hub instanceof Hub) hub.close()
    await server.close()
  })
  return port
}

describe('user and password', () => {
  /** A server that asks for them in Adobe's way, and takes any answer of `user`. */
  async function ask(user: string): Promise<{ port: number; apps: string[] }> {
    const apps: string[] = []
    const port = await serve({
      onConnect: ({ app }) => {
        apps.push(app)
        const query = new URLSearchParams(app.slice(app.indexOf('?') + 1))
        const isKnown = query.get('user') === user
        if (query.has('response') && isKnown) return { type: 'accept' }
        const said = query.has('authmod')
          ? `[ authmod=adobe ] : ?reason=${isKnown ? 'needauth&salt=c2FsdA==&challenge=Y2hhbA==' : 'nosuchuser'}`
          : '[ code=403 need auth; authmod=adobe ] : '
        return { type: 'reject', reason: `[ AccessManager.Reject ] : ${said}` }
      },
    })
    return { port, apps }
  }

  it('are told to a server that asks, each time over another connection', async () => {
    const { port, apps } = await ask('me')
    const client = await RtmpClient.publish(`rtmp://me:secret@127.0.0.1:${port}/live/show`)
    await client.close()
    expect(apps).toEqual([
      'live',
      'live?authmod=adobe&user=me',
      expect.stringMatching(
        /^live\?authmod=adobe&user=me&challenge=[\da-f]{8}&response=[\w+/]{22}==$/,
      ) as string,
    ])
  })

  it('are added to a query of the application', async () => {
    const { port, apps } = await ask('me')
    await expect(
      RtmpClient.publish(`rtmp://me:secret@127.0.0.1:${port}/live?vhost=v/show`),
    ).resolves.toBeInstanceOf(RtmpClient)
    expect(apps[1]).toBe('live?vhost=v&authmod=adobe&user=me')
  })

  it('that a server does not know end in its refusal', async () => {
    const { port, apps } = await ask('somebody else')
    await expect(RtmpClient.publish(`rtmp://me:secret@127.0.0.1:${port}/live/show`)).rejects.toMatchObject({
      code: 'ERR_RTMP_REJECTED',
      message: expect.stringContaining('reason=nosuchuser') as string,
    })
    expect(apps).toHaveLength(2)
  })

  it('that are missing end in the refusal', async () => {
    const { port, apps } = await ask('me')
    await expect(RtmpClient.play(`rtmp://127.0.0.1:${port}/live/show`)).rejects.toThrow('need auth')
    expect(apps).toEqual(['live'])
  })
})

describe('a redirect out of TLS', () => {
  const ca = { ca: TLS.cert }

  it('is not followed', async () => {
    const plain = await serve()
    const hub = new Hub({ authorize: () => redirect(`rtmp://127.0.0.1:${plain}/live`) })
    const secure = await serve({ hub, tls: TLS })
    await expect(
      RtmpClient.publish(`rtmps://localhost:${secure}/live/show`, { tls: ca }),
    ).rejects.toMatchObject({
      code: 'ERR_RTMP_REDIRECTED',
      message: 'the server redirects from rtmps: to rtmp:, where others could read the stream key',
    })
  })

  it('is followed when that is allowed, and into TLS always', async () => {
    const plain = await serve()
    const hub = new Hub({ authorize: () => redirect(`rtmp://127.0.0.1:${plain}/live`) })
    const secure = await serve({ hub, tls: TLS })
    const outside = new Hub({ authorize: () => redirect(`rtmps://localhost:${secure}/live`) })
    const first = await serve({ hub: outside })
    const client = await RtmpClient.publish(`rtmp://127.0.0.1:${first}/live/show`, {
      tls: ca,
      allowInsecureRedirects: true,
    })
    expect(client.session.phase).toBe('publishing')
    await client.close()
  })
})

it('a request to reconnect is told, and changes nothing by itself', async () => {
  const world = new World()
  const [near, far] = duplexPair()
  const connection: RtmpConnection = world.server.handle(far, { remoteAddress: '192.0.2.1' })
  const asked: (string | undefined)[] = []
  const starting = RtmpClient.publish('rtmp://host/live/show', {
    stream: near,
    clock: world.clock,
  })
  await world.settle()
  const client = await starting
  client.on('reconnectRequest', ({ tcUrl }) => asked.push(tcUrl))
  connection.session.requestReconnect('rtmp://other/live')
  connection.flush()
  await world.settle()
  connection.session.requestReconnect()
  connection.flush()
  await world.settle()
  expect(asked).toEqual(['rtmp://other/live', undefined])
  expect(client.session.phase).toBe('publishing')
  const closing = client.close()
  await world.settle()
  await closing
})
