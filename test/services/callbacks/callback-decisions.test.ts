import { once } from 'node:events'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { type AccessAccept, type AccessDecision, reject, VirtualClock } from 'millrace/hub'
import { type CallbackFailure, HttpCallbacks, type HttpCallbacksOptions } from 'millrace/services/callbacks'
import { describe, expect, it, onTestFinished } from 'vitest'
import { TLS } from '../../support/tls.ts'
import { Backend, until } from './backend.ts'
import { never, request } from '../requests.ts'

function callbacksFor(urls: HttpCallbacksOptions['urls'], options: Partial<HttpCallbacksOptions> = {}) {
  const clock = new VirtualClock()
  const callbacks = new HttpCallbacks({ urls, clock, ...options })
  const failures: string[] = []
  callbacks.on('failure', ({ action, error, attempt, final }: CallbackFailure) => {
    const code = (error as { code?: string }).code ?? error.message
    failures.push(`${action} ${code} ${attempt}${final ? ' final' : ''}`)
  })
  onTestFinished(async () => {
    const closed = callbacks.close()
    clock.advance(5_000)
    await closed
  })
  const ask = (given?: Parameters<typeof request>[0], signal = never): Promise<AccessDecision> =>
    Promise.resolve(callbacks.authorize(request(given), signal)) as Promise<AccessDecision>
  return { clock, callbacks, failures, ask }
}

const ALLOWED = { type: 'accept', onEnd: expect.any(Function) as () => void }
const NO_ANSWER = 'the application gave no valid answer'

describe('what a backend says', () => {
  it.each<[status: number, body: string, reason: string | undefined, failure?: string]>([
    [200, '0', undefined],
    [201, '0', undefined],
    [200, ' 0\n', undefined],
    [200, '{"code":0}', undefined],
    [200, '{"code":0,"msg":"welcome","data":null}', undefined],
    [200, '{"code":1}', 'refused by the application (code 1)'],
    [200, '{"code":-1,"msg":"no money left"}', 'no money left'],
    [200, '{"code":403,"message":"members only"}', 'members only'],
    [200, '{"code":7,"reason":"too\\r\\nlate\\u0000"}', 'too late '],
    [200, `{"code":7,"msg":"${'x'.repeat(1_000)}"}`, 'x'.repeat(200)],
    [200, '{"code":7,"msg":""}', 'refused by the application (code 7)'],
    [403, '', 'refused by the application (status 403)'],
    [401, '{"msg":"who are you?"}', 'who are you?'],
    [404, '<html>', 'refused by the application (status 404)'],
    [200, '', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, '1', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, 'OK', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, '00', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, '"0"', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, 'null', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, '[]', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, '{}', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, '{"code":"0"}', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, '{"code":0.5}', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, '{"code":0', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [200, '<html>not found</html>', NO_ANSWER, 'ERR_CALLBACK_ANSWER'],
    [204, '', NO_ANSWER, 'ERR_CALLBACK_STATUS'],
    [302, '0', NO_ANSWER, 'ERR_CALLBACK_STATUS'],
    [408, '0', NO_ANSWER, 'ERR_CALLBACK_STATUS'],
    [429, '0', NO_ANSWER, 'ERR_CALLBACK_STATUS'],
    [500, '0', NO_ANSWER, 'ERR_CALLBACK_STATUS'],
    [503, '{"code":0}', NO_ANSWER, 'ERR_CALLBACK_STATUS'],
  ])('%d %s', async (status, body, reason, failure) => {
    const backend = await Backend.start()
    backend.answer = (_, response) =>
      void response.status(status).set('Location', backend.url).type('text').send(body)
    const { ask, failures } = callbacksFor({ on_play: backend.url })
    expect(await ask()).toEqual(reason === undefined ? ALLOWED : reject(reason))
    expect(failures).toEqual(failure === undefined ? [] : [`on_play ${failure} 1 final`])
    expect(backend.calls.length).toBe(1)
  })

  it('whenUnavailable allows when there is no answer, never when it is no', async () => {
    const backend = await Backend.start()
    const { ask } = callbacksFor({ on_play: backend.url }, { whenUnavailable: 'allow' })
    const say = async (status: number, body: string): Promise<string> => {
      backend.answer = (_, response) => void response.status(status).type('text').send(body)
      return (await ask()).type
    }
    expect(await say(500, '')).toBe('accept')
    expect(await say(200, 'OK')).toBe('accept')
    expect(await say(200, '{"code":1}')).toBe('reject')
    expect(await say(403, '')).toBe('reject')
    await backend.stop()
    expect((await ask()).type).toBe('accept')
  })

  it('of several URLs each is asked, in order, until one refuses', async () => {
    const backend = await Backend.start()
    backend.answer = ({ target }, response) => void response.send(target === '/b' ? '{"code":5}' : '0')
    const to = (...paths: string[]): string[] => paths.map((path) => backend.url + path)
    expect(await callbacksFor({ on_publish: to('/a', '/c') }).ask({ action: 'publish' })).toEqual(ALLOWED)
    expect((await callbacksFor({ on_publish: to('/a', '/b', '/c') }).ask({ action: 'publish' })).type).toBe(
      'reject',
    )
    expect(backend.calls.map(({ target }) => target)).toEqual(['/a', '/c', '/a', '/b'])
  })

  it('nobody is asked where there is no URL', async () => {
    const { ask } = callbacksFor({})
    expect([await ask(), await ask({ action: 'publish' })]).toEqual([ALLOWED, ALLOWED])
  })
})

describe('a backend with a certificate', () => {
  async function secureBackend(): Promise<string> {
    const server = createHttpsServer(TLS, (_, response) => response.end('0')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return `https://localhost:${(server.address() as AddressInfo).port}/`
  }

  it('of an authority of its own is trusted with ca alone', async () => {
    const on_play = await secureBackend()
    const strange = callbacksFor({ on_play })
    expect(await strange.ask()).toEqual(reject('the application cannot be reached'))
    expect(strange.failures).toEqual([expect.stringContaining('SELF_SIGNED')])
    expect(await callbacksFor({ on_play }, { ca: TLS.cert }).ask()).toEqual(ALLOWED)
    expect(await callbacksFor({ on_play }, { ca: [`bag attributes\n${TLS.cert}`] }).ask()).toEqual(ALLOWED)
  })

  it.each(['', 'no certificate', TLS.cert.replace(/^M.*$/m, 'AAAA')])('ca that is none: %j', (ca) => {
    expect(() => new HttpCallbacks({ urls: {}, ca })).toThrow(/HttpCallbacks: .*ca/s)
  })
})

describe('a backend that does not work', () => {
  /** A server that is none: it says `bytes` to whoever comes, and then what `act` says. */
  async function rawBackend(bytes: string, end: boolean): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(bytes)
        if (end) socket.end()
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  it('is down', async () => {
    const backend = await Backend.start()
    await backend.stop()
    const { ask, failures, clock } = callbacksFor({ on_play: backend.url })
    expect(await ask()).toEqual(reject('the application cannot be reached'))
    expect(failures).toEqual([expect.stringContaining('ECONNREFUSED')])
    expect(clock.pending).toBe(0)
  })

  it.each<[string, string]>([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['nothing', ''],
    ['half a header', 'HTTP/1.1 200 OK\r\nContent-'],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0'],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n0'],
    ['a header without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`],
  ])('answers %s and hangs up', async (_, bytes) => {
    const { ask, failures, clock } = callbacksFor({ on_play: await rawBackend(bytes, true) })
    expect(await ask()).toEqual(reject('the application cannot be reached'))
    expect([failures.length, clock.pending]).toEqual([1, 0])
  })

  it.each<[string, string]>([
    ['nothing', ''],
    ['a header alone', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n'],
    ['a body that goes on', 'HTTP/1.1 200 OK\r\n\r\n0'],
  ])('answers %s and waits: the peer waits decisionTimeoutMs, and no longer', async (_, bytes) => {
    const { ask, failures, clock } = callbacksFor(
      { on_play: await rawBackend(bytes, false) },
      { decisionTimeoutMs: 700 },
    )
    let decision: AccessDecision | undefined
    void ask().then((given) => (decision = given))
    await until(
      () => clock.pending === 1,
      () => 'a time limit',
    )
    clock.advance(699)
    expect([decision, failures]).toEqual([undefined, []])
    clock.advance(1)
    await until(
      () => decision !== undefined,
      () => 'a decision',
    )
    expect(decision).toEqual(reject('the application did not answer in time'))
    expect([failures, clock.pending]).toEqual([['on_play ERR_CALLBACK_TIMEOUT 1 final'], 0])
  })

  it('answers too much, at n and n + 1', async () => {
    const backend = await Backend.start()
    const { ask, failures } = callbacksFor({ on_play: backend.url }, { maxResponseBytes: 100 })
    backend.answer = (_, response) => void response.send('{"code":0}'.padEnd(100))
    expect((await ask()).type).toBe('accept')
    backend.answer = (_, response) => void response.send('{"code":0}'.padEnd(101))
    expect(await ask()).toEqual(reject(NO_ANSWER))
    expect(failures).toEqual(['on_play ERR_CALLBACK_RESPONSE_BYTES 1 final'])
  })

  it('answers without end: reading stops at the limit', async () => {
    const backend = await Backend.start()
    let hungUp = false
    backend.answer = (_, response) => {
      response.on('close', () => (hungUp = true))
      const more = (): void => {
        while (!hungUp && response.write('x'.repeat(10_000)));
        if (!hungUp) response.once('drain', more)
      }
      more()
    }
    const { ask } = callbacksFor({ on_play: backend.url })
    expect(await ask()).toEqual(reject(NO_ANSWER))
    await until(
      () => hungUp,
      () => 'the end of the answer',
    )
  })
})

describe('many decisions', () => {
  it('are asked for maxConcurrentDecisions at a time, the others in order, up to maxWaitingDecisions', async () => {
    const backend = await Backend.start()
    backend.hold()
    const bounds = { maxConcurrentDecisions: 2, maxWaitingDecisions: 3 }
    const { ask, callbacks, failures } = callbacksFor({ on_play: backend.url }, bounds)
    const decisions = Array.from({ length: 6 }, (_, i) => ask({ streamName: `s${i}` }))
    await backend.called(2)
    expect(callbacks.stats()).toMatchObject({ deciding: 2, waiting: 3 })
    expect(await decisions[5]).toEqual(reject('the application has too much to decide'))
    expect(failures).toEqual(['on_play ERR_CALLBACK_QUEUE 1 final'])
    for (let i = 0; i < 5; i++) {
      await backend.called(Math.min(5, i + 2))
      backend.held[i]!.send('0')
      expect((await decisions[i])!.type).toBe('accept')
    }
    expect(backend.calls.map(({ body }) => body['stream'])).toEqual(['s0', 's1', 's2', 's3', 's4'])
    expect(callbacks.stats()).toMatchObject({ deciding: 0, waiting: 0 })
  })

  it('the wait for a turn counts', async () => {
    const backend = await Backend.start()
    backend.hold()
    const { ask, clock } = callbacksFor({ on_play: backend.url }, { maxConcurrentDecisions: 1 })
    const decisions = [ask(), ask()]
    await backend.called(1)
    clock.advance(5_000)
    for (const decision of decisions)
      expect(await decision).toEqual(reject('the application did not answer in time'))
    expect(backend.calls.length).toBe(1)
  })

  it('a peer that leaves the line is not asked about', async () => {
    const backend = await Backend.start()
    backend.hold()
    const { ask, callbacks, failures } = callbacksFor({ on_play: backend.url }, { maxConcurrentDecisions: 1 })
    const gone = new AbortController()
    const first = ask()
    await backend.called(1)
    const second = ask({}, gone.signal)
    await until(
      () => callbacks.stats().waiting === 1,
      () => 'a wait',
    )
    gone.abort()
    expect(await second).toEqual(reject('the peer has left'))
    backend.held[0]!.send('0')
    expect((await first).type).toBe('accept')
    expect([backend.calls.length, failures]).toEqual([1, []])
  })

  it('a peer that leaves when the backend was asked: it answers, and hears of the end', async () => {
    const backend = await Backend.start()
    backend.hold()
    const { ask } = callbacksFor({ on_publish: backend.url, on_unpublish: backend.url })
    const gone = new AbortController()
    const decided = ask({ action: 'publish' }, gone.signal)
    await backend.called(1)
    gone.abort()
    backend.held[0]!.send('0')
    // What the hub does with an answer that comes too late.
    const decision = await decided
    expect(decision).toEqual(ALLOWED)
    if (decision.type === 'accept') decision.onEnd?.()
    await backend.called(2)
    expect(backend.actions).toEqual(['on_publish', 'on_unpublish'])
  })
})

it('close turns away all who wait', async () => {
  const backend = await Backend.start()
  backend.hold()
  const { ask, callbacks, clock, failures } = callbacksFor(
    { on_play: backend.url },
    { maxConcurrentDecisions: 1 },
  )
  const decisions = [ask(), ask()]
  await backend.called(1)
  await callbacks.close()
  for (const decision of decisions) expect(await decision).toEqual(reject('the server is closing'))
  expect(await ask()).toEqual(reject('the server is closing'))
  expect([clock.pending, failures]).toEqual([0, []])
})

it.each<[string, HttpCallbacksOptions, RegExp]>([
  ['no URL', { urls: { on_play: 'somewhere' } }, /on_play/],
  ['another scheme', { urls: { on_play: 'ftp://host/' } }, /on_play/],
  ['a callback that does not exist', { urls: { on_record: 'http://host/' } as never }, /on_record/],
  ['an option that does not exist', { urls: {}, timeout: 1 } as never, /timeout/],
  ['no count', { urls: {}, maxAttempts: 0 }, /maxAttempts/],
  ['a header of two lines', { urls: {}, headers: { 'X-Key': 'a\nb' } }, /X-Key/],
  ['no name of a header', { urls: {}, headers: { 'a key': 'b' } }, /a key/],
  ['the beginning of no URL', { urls: {}, hlsUrlPrefix: 'https://[' }, /hlsUrlPrefix/],
])('%s is a mistake of the caller', (_, options, named) => {
  expect(() => new HttpCallbacks(options)).toThrow(TypeError)
  expect(() => new HttpCallbacks(options)).toThrow(named)
})

it('an accept says nothing of its own to the hub', async () => {
  const backend = await Backend.start()
  const { onEnd: _, ...rest } = (await callbacksFor({ on_play: backend.url }).ask()) as AccessAccept
  expect(rest).toEqual({ type: 'accept' })
})
