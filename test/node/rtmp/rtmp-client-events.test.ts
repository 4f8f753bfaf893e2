/** What a server says to a client beside media, and what a client asks of it. */
import {
  duplexPair,
  RtmpClient,
  type RtmpClientEvents,
  type RtmpClientOptions,
  type RtmpConnection,
  type RtmpConnectionEvent,
} from 'millrace/node'
import { describe, expect, it } from 'vitest'
import { World } from '../memory-world.ts'

interface Linked {
  readonly world: World
  readonly client: RtmpClient
  readonly connection: RtmpConnection
}

/** A client that publishes, and the other end of its connection. */
async function publishing(
  options: RtmpClientOptions = {},
  onEvent?: OnEvent,
  listen?: (client: RtmpClient) => void,
): Promise<Linked> {
  const world = new World()
  if (onEvent !== undefined) world.server.on('sessionEvent', onEvent)
  const [near, far] = duplexPair()
  const connection = world.server.handle(far, { remoteAddress: '192.0.2.1' })
  const starting = RtmpClient.publish('rtmp://host/live/show', {
    stream: near,
    clock: world.clock,
    ...options,
  })
  if (listen !== undefined) void starting.then(listen)
  await world.settle()
  return { world, client: await starting, connection }
}

type OnEvent = (event: RtmpConnectionEvent, connection: RtmpConnection) => void

/** Answers `add`, refuses `refuse`, and leaves `hang` without an answer. */
const procedures: OnEvent = (event, { session }) => {
  if (event.type !== 'command' || event.handled) return
  const { name, transactionId, args } = event.command
  if (name === 'add') session.reply(transactionId, Number(args[0]) + Number(args[1]))
  if (name === 'refuse') session.replyError(transactionId, 'not today', 'App.Refused')
  if (name === 'hang') session.deferReply()
}

/** A call whose rejection is looked at later. */
function calling(client: RtmpClient, name: string): Promise<unknown> {
  const answer = client.call(name)
  answer.catch(() => undefined)
  return answer
}

describe('call', () => {
  it("resolves with the server's answer, each call with its own", async () => {
    const { world, client } = await publishing({}, procedures)
    const answers = Promise.all([client.call('add', 1, 2), client.call('add', 3, 4), client.call('other')])
    await world.settle()
    expect(await answers).toEqual([
      [null, 3],
      [null, 7],
      [null, null],
    ])
  })

  it('rejects with the reason of an _error', async () => {
    const { world, client } = await publishing({}, procedures)
    const answer = calling(client, 'refuse')
    await world.settle()
    await expect(answer).rejects.toMatchObject({
      code: 'ERR_RTMP_CALL_FAILED',
      message: 'refuse: App.Refused: not today',
      cause: { type: 'reply', isError: true },
    })
  })

  it('rejects after commandTimeoutMs, and tells of an answer that comes later as reply', async () => {
    const { world, client, connection } = await publishing(
      { session: { commandTimeoutMs: 2_000 } },
      procedures,
    )
    const replies: unknown[] = []
    client.on('reply', ({ values }) => replies.push(values))
    const answer = calling(client, 'hang')
    await world.settle()
    await world.advance(2_000)
    await expect(answer).rejects.toMatchObject({
      code: 'ERR_RTMP_COMMAND_TIMEOUT',
      message: 'no answer to hang within 2000 ms',
    })
    // connect, releaseStream, FCPublish, createStream and publish came before it.
    connection.session.reply(6, 'late')
    connection.flush()
    await world.settle()
    expect(replies).toEqual([[null, 'late']])
  })

  it('rejects when the connection ends, and after', async () => {
    const { world, client } = await publishing({}, procedures)
    const answer = calling(client, 'hang')
    await world.settle()
    const closing = client.close('enough')
    await world.settle()
    await closing
    await expect(answer).rejects.toMatchObject({ code: 'ERR_RTMP_ENDED' })
    await expect(client.call('add', 1, 2)).rejects.toMatchObject({ code: 'ERR_RTMP_ENDED' })
  })
})

describe('events', () => {
  it('tell of statuses, commands, data and requests to reconnect', async () => {
    const { world, client, connection } = await publishing()
    const told: unknown[] = []
    client.on('status', ({ level, code, information }) => told.push([level, code, information['extra']]))
    client.on('command', ({ command: { name, args } }) => told.push([name, ...args]))
    client.on('data', ({ values }) => told.push(values))
    client.on('reconnectRequest', ({ tcUrl, description }) => told.push([tcUrl, description]))
    await world.settle()
    told.length = 0
    const { session } = connection
    session.notify('onStatus', { level: 'warning', code: 'App.Slow', description: '', extra: 7 })
    session.notifyConnection('onBitrate', 2_500)
    session.sendData(0, 'onClock', 12)
    session.requestReconnect('rtmp://other/live')
    connection.flush()
    await world.settle()
    expect(told).toEqual([
      ['warning', 'App.Slow', 7],
      ['onBitrate', 2_500],
      ['onClock', 12],
      ['status', 'NetConnection.Connect.ReconnectRequest', undefined],
      ['rtmp://other/live', expect.any(String)],
    ])
  })

  it('wait until the client was handed over, from the answer to connect on, in order', async () => {
    const told: unknown[] = []
    const hello: OnEvent = ({ type }, { session }) => {
      if (type === 'publish') session.notifyConnection('hello')
    }
    await publishing({}, hello, (client) => {
      expect(client.session.phase).toBe('publishing')
      client.on('connected', ({ information }) => told.push(information['code']))
      client.on('status', ({ code }) => told.push(code))
      client.on('command', ({ command: { name } }) => told.push(name))
    })
    expect(told.filter((name) => !String(name).startsWith('on'))).toEqual([
      'NetConnection.Connect.Success',
      'hello',
      'NetStream.Publish.Start',
    ])
  })

  it('may answer a command of the server', async () => {
    const answers: unknown[] = []
    const { world, client, connection } = await publishing({}, (event) => {
      if (event.type === 'reply') answers.push(event.values)
    })
    client.on('command', ({ command: { name, transactionId } }) => {
      if (name === 'getName') client.session.reply(transactionId, 'camera 3')
    })
    await world.settle()
    connection.session.call('getName')
    connection.flush()
    await world.settle()
    expect(answers).toEqual([[null, 'camera 3']])
  })

  it('may have listeners that throw', async () => {
    const { world, client, connection } = await publishing()
    const errors: unknown[] = []
    client.on('listenerError', (_, event) => errors.push(event))
    client.on('reconnectRequest', () => {
      throw new Error('a bug of the application')
    })
    connection.session.requestReconnect()
    connection.flush()
    await world.settle()
    expect([errors, client.session.phase]).toEqual([['reconnectRequest'], 'publishing'])
  })
})

it('a redirect in the middle of a stream ends it with a code, and says where to', async () => {
  const { world, client, connection } = await publishing()
  connection.session.notify('onStatus', {
    level: 'error',
    code: 'NetConnection.Connect.Rejected',
    description: 'moved',
    ex: { code: 302, redirect: 'rtmp://other/live' }, // as Flash Media Server and SRS say it
  })
  connection.flush()
  await world.settle()
  expect(await client.closed).toMatchObject({
    code: 'redirected',
    error: { code: 'ERR_RTMP_REDIRECTED', message: 'NetConnection.Connect.Rejected: moved' },
    redirectUrl: 'rtmp://other/live',
  })
})

it('a server that says much before it starts is heard up to 64 facts', async () => {
  const told: (keyof RtmpClientEvents)[] = []
  const talk: OnEvent = ({ type }, { session }) => {
    if (type === 'publish') for (let i = 0; i < 100; i++) session.notifyConnection(`n${i}`)
  }
  await publishing({}, talk, (client) => {
    client.on('connected', () => told.push('connected'))
    client.on('status', () => told.push('status'))
    client.on('command', () => told.push('command'))
    client.on('reply', () => told.push('reply')) // to releaseStream and FCPublish
  })
  expect(told).toHaveLength(64)
})
