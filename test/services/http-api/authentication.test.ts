import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hub } from 'millrace/hub'
import { type HttpAuthentication, HttpGate } from 'millrace/services/authentication'
import { MetricsHandler } from 'millrace/services/metrics'
import { Statistics } from 'millrace/services/statistics'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ApiStage } from './api-stage.ts'

type Facts = Parameters<HttpGate['check']>[0]

function facts(headers: Readonly<Record<string, string>>, remoteAddress = '192.0.2.1'): Facts {
  return {
    method: 'GET',
    path: '/api/v1/versions',
    query: {},
    param: '',
    host: '',
    header: (name) => headers[name],
    headers,
    remoteAddress,
    secure: false,
  }
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

describe('credentials', () => {
  const gate = new HttpGate([{ token: 'a.b-c' }, { username: 'ada', password: 'p:äß' }, { token: 'second' }])

  for (const header of [
    'Bearer a.b-c',
    'bearer a.b-c',
    'BEARER second',
    'Bearer  second',
    basic('ada:p:äß'),
  ]) {
    test(`${header} is let in`, () => expect(gate.check(facts({ authorization: header }))).toBeUndefined())
  }

  for (const header of [
    '',
    'Bearer',
    'Bearer ',
    'Bearer a.b-',
    'Bearer a.b-c2',
    'Bearer A.B-C',
    'Basic a.b-c',
    'a.b-c',
    basic('ada:p'),
    basic('ada'),
    basic(':'),
    basic('Ada:p:äß'),
    `Bearer ${Buffer.from('ada:p:äß').toString('base64')}`,
    'Digest a.b-c',
  ]) {
    test(`${header || 'nothing'} is not`, () =>
      expect(gate.check(facts({ authorization: header }))?.status).toBe(401))
  }

  test('the challenge names what is understood', () => {
    expect(gate.challenge).toBe(
      'Bearer realm="millrace", charset="UTF-8", Basic realm="millrace", charset="UTF-8"',
    )
    expect(new HttpGate({ token: 'a' }).challenge).toBe('Bearer realm="millrace", charset="UTF-8"')
  })

  for (const wrong of [[], { token: 'a b' }, { token: 'ä' }, { username: 'a:b', password: 'c' }] as const) {
    test(`${JSON.stringify(wrong)} is no choice`, () =>
      expect(() => new HttpGate(wrong as HttpAuthentication)).toThrow(TypeError))
  }
})

describe('loopback', () => {
  const gate = new HttpGate('loopback')
  const local = { host: 'localhost:1985' }

  for (const [name, headers, address] of [
    ['IPv4', local, '127.0.0.1'],
    ['IPv4, another address of this machine', { host: '127.0.0.53' }, '127.0.0.53'],
    ['IPv6', { host: '[::1]:1985' }, '::1'],
    ['IPv4 on an IPv6 socket', local, '::ffff:127.0.0.1'],
  ] as const) {
    test(`${name} is let in`, () => expect(gate.check(facts(headers, address))).toBeUndefined())
  }

  for (const [name, headers, address] of [
    ['another machine', local, '192.0.2.1'],
    ['another machine with a telling address', local, '1.127.0.1'],
    ['nobody knows who', local, ''],
    ['whoever comes by a proxy of this machine', { ...local, 'x-forwarded-for': '192.0.2.1' }, '127.0.0.1'],
    [
      'whoever comes by a proxy, in the words of RFC 7239',
      { ...local, forwarded: 'for=192.0.2.1' },
      '127.0.0.1',
    ],
    ['a page whose own name leads to this machine', { host: 'evil.example:1985' }, '127.0.0.1'],
    ['a name that begins like ours', { host: 'localhost.evil.example' }, '127.0.0.1'],
    ['a request without host', {}, '127.0.0.1'],
  ] as const) {
    test(`${name} is not`, () => expect(gate.check(facts(headers, address))?.status).toBe(403))
  }
})

/** @returns its URL. It ends with the test. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('over HTTP', () => {
  const credentials = { username: 'admin', password: 'secret' }

  test('all paths ask for credentials, before anything else', async () => {
    const stage = new ApiStage({ authentication: credentials })
    for (const path of [
      '',
      '/versions',
      '/streams?count=x',
      '/clients/none',
      '/openapi.json',
      '/raw?rpc=reload',
    ]) {
      const { status, headers, body } = await stage.ask(`/api/v1${path}`)
      expect([path, status, body['code']]).toEqual([path, 401, 401])
      expect(headers.get('www-authenticate')).toBe('Basic realm="millrace", charset="UTF-8"')
    }
    const kick = await stage.ask('/api/v1/clients/none', { method: 'DELETE' })
    expect(kick.status).toBe(401)
    const headers = { authorization: basic('admin:secret') }
    expect((await stage.ask('/api/v1/versions', { headers })).body['code']).toBe(0)
    expect((await stage.ask('/api/v1/clients/none', { headers, method: 'DELETE' })).body['code']).toBe(2049)
  })

  test('a body is not read before', async () => {
    const stage = new ApiStage({ authentication: credentials, maxBodyBytes: 10 })
    const { status } = await stage.ask('/api/v1/streams/x/services/y', {
      method: 'PUT',
      body: 'x'.repeat(1_000),
    })
    expect(status).toBe(401)
  })

  test('a handler of the application can ask for the same', async () => {
    const ask = async (authentication: HttpAuthentication, headers = {}): Promise<[number, string]> => {
      const gate = new HttpGate(authentication)
      const url = await serve((request, response) => {
        if (!gate.refuse(request, response)) response.end('passed\n')
      })
      const response = await fetch(url, { headers })
      return [response.status, await response.text()]
    }
    expect(await ask({ token: 'abc' })).toEqual([401, 'authentication required\n'])
    expect(await ask({ token: 'abc' }, { authorization: 'Bearer abc' })).toEqual([200, 'passed\n'])
    expect(await ask('loopback')).toEqual([200, 'passed\n'])
    expect(await ask('loopback', { 'x-forwarded-for': '192.0.2.1' })).toEqual([
      403,
      'only available from localhost\n',
    ])
    expect(await ask('none', { 'x-forwarded-for': '192.0.2.1' })).toEqual([200, 'passed\n'])
  })

  test('metrics ask too', async () => {
    const statistics = new Statistics({ hub: new Hub() })
    const metrics = new MetricsHandler({ statistics, authentication: { token: 'abc' }, path: '/m' })
    onTestFinished(() => statistics.close())
    const url = await serve((request, response) => {
      if (!metrics.handle(request, response)) response.writeHead(404).end()
    })
    const ask = async (path: string, init: RequestInit = {}): Promise<[number, string | null]> => {
      const response = await fetch(`${url}${path}`, init)
      await response.text()
      return [response.status, response.headers.get('content-type')]
    }
    const headers = { authorization: 'Bearer abc' }
    expect((await ask('/m'))[0]).toBe(401)
    expect(await ask('/m', { headers })).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    expect((await ask('/m', { headers, method: 'POST' }))[0]).toBe(405)
    expect((await ask('/metrics', { headers }))[0]).toBe(404)
  })
})
