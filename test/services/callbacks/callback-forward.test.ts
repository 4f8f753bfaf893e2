import { Hub, type Publisher, VirtualClock } from 'millrace/hub'
import { HttpCallbacks, type HttpCallbacksOptions } from 'millrace/services/callbacks'
import { ServerIdentity } from 'millrace/services/identity'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Backend } from './backend.ts'
import { never, request } from '../requests.ts'

const identity = new ServerIdentity({ serverId: 'vid-k21d7y2' })

function publisher(given: Parameters<typeof request>[0] = {}): Publisher {
  return new Hub().publish('/live/show', { request: request({ action: 'publish', ...given }) })
}

async function start(options: Partial<HttpCallbacksOptions> = {}) {
  const backend = await Backend.start()
  const clock = new VirtualClock()
  const callbacks = new HttpCallbacks({ urls: { on_forward: backend.url }, identity, clock, ...options })
  const failures: string[] = []
  callbacks.on('failure', ({ action, error }) =>
    failures.push(`${action} ${(error as { code?: string }).code}`),
  )
  onTestFinished(async () => {
    const closed = callbacks.close()
    clock.advance(5_000)
    await closed
  })
  return { backend, callbacks, failures, clock }
}

describe('on_forward', () => {
  it('says what SRS says', async () => {
    const { backend, callbacks } = await start({ vhost: 'example.com' })
    await callbacks.forwardTargets(publisher({ clientId: 'c', param: '?k=v' }), never)
    await callbacks.forwardTargets(new Hub().publish('/live/show'), never)
    const base = {
      action: 'on_forward',
      server_id: 'vid-k21d7y2',
      service_id: identity.serviceId,
      vhost: 'example.com',
      app: 'live',
      stream: 'show',
    }
    expect(backend.calls.map(({ body }) => body)).toEqual([
      { ...base, client_id: 'c', ip: '192.0.2.7', tcUrl: 'rtmp://example.com/live', param: '?k=v' },
      { ...base, client_id: '', ip: '', tcUrl: '', param: '' },
    ])
  })

  it.each<[status: number, body: string, targets: readonly string[] | string]>([
    [200, '{"code":0,"data":{"urls":["rtmp://a/b/c","rtmp://d/e"]}}', ['rtmp://a/b/c', 'rtmp://d/e']],
    [201, '{"code":0,"data":{"urls":[]}}', []],
    [200, '{"code":0,"data":{}}', []],
    [200, '{"code":0,"data":null}', []],
    [200, '{"code":0}', []],
    [200, '0', []],
    [200, '{"code":1,"msg":"no money left"}', 'ERR_CALLBACK_REFUSED'],
    [403, '', 'ERR_CALLBACK_REFUSED'],
    [500, '', 'ERR_CALLBACK_STATUS'],
    [200, 'OK', 'ERR_CALLBACK_ANSWER'],
    [200, '{"code":0,"data":{"urls":"rtmp://a/b/c"}}', 'ERR_CALLBACK_ANSWER'],
    [200, '{"code":0,"data":{"urls":[1]}}', 'ERR_CALLBACK_ANSWER'],
    [200, '{"code":0,"data":{"urls":{"0":"rtmp://a/b/c"}}}', 'ERR_CALLBACK_ANSWER'],
  ])('%d %s', async (status, body, expected) => {
    const { backend, callbacks, failures } = await start()
    backend.answer = (_, response) => void response.status(status).type('text').send(body)
    const found = await callbacks
      .forwardTargets(publisher(), never)
      .catch((error: { code: string }) => error.code)
    expect(found).toEqual(expected)
    expect(failures).toEqual(typeof expected === 'string' ? [`on_forward ${expected}`] : [])
  })

  it('of several URLs each is asked, and all of their targets count', async () => {
    const { backend } = await start()
    backend.answer = ({ target }, response) =>
      void response.json({ code: 0, data: { urls: [`rtmp://host${target}`] } })
    const callbacks = new HttpCallbacks({ urls: { on_forward: [`${backend.url}/a`, `${backend.url}/b`] } })
    expect(await callbacks.forwardTargets(publisher(), never)).toEqual(['rtmp://host/a', 'rtmp://host/b'])
    await callbacks.close()
    await expect(callbacks.forwardTargets(publisher(), never)).rejects.toThrow('the server is closing')
  })

  it('nobody is asked where there is no URL', async () => {
    const { callbacks } = await start({ urls: {} })
    expect(await callbacks.forwardTargets(publisher(), never)).toEqual([])
  })

  it('has the time of a decision, and ends with the publisher without a word', async () => {
    const { backend, callbacks, failures, clock } = await start({ decisionTimeoutMs: 2_000 })
    backend.hold()
    const gone = new AbortController()
    const asking = [
      callbacks.forwardTargets(publisher(), never),
      callbacks.forwardTargets(publisher(), gone.signal),
    ]
    const settled = Promise.allSettled(asking)
    await backend.called(2)
    gone.abort(new Error('gone'))
    clock.advance(2_000)
    expect(await settled).toMatchObject([
      { reason: { code: 'ERR_CALLBACK_TIMEOUT' } },
      { reason: { message: 'gone' } },
    ])
    expect(failures).toEqual(['on_forward ERR_CALLBACK_TIMEOUT'])
    expect(clock.pending).toBe(0)
  })
})
