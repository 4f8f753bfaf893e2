/** A backend written with express decides about real encoders and players, over every door. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hub } from 'millrace/hub'
import { LiveHandler, RtmpServer } from 'millrace/node'
import { HlsHandler } from 'millrace/packaging'
import { HttpCallbacks, type HttpCallbacksOptions } from 'millrace/services/callbacks'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { clipPath } from '../support/clips.ts'
import { run, type RunResult, start } from '../support/process.ts'
import { describeWithTool, requireTool } from '../support/tools.ts'
import { Backend, until } from '../services/callbacks/backend.ts'

const CLIP = clipPath('avc-aac-bframes.flv')

let backend: Backend

/** Every door, asking one backend. */
async function openDoors(options: Partial<HttpCallbacksOptions> = {}) {
  const { url } = backend
  const callbacks = new HttpCallbacks({
    urls: {
      on_connect: url,
      on_close: url,
      on_publish: url,
      on_unpublish: url,
      on_play: url,
      on_stop: url,
      on_hls: url,
    },
    decisionTimeoutMs: 1_000,
    ...options,
  })
  const hub = new Hub({ authorize: callbacks.authorize, graceMs: 0, publisherWaitMs: 10_000 })
  const rtmp = new RtmpServer({ hub, onConnect: callbacks.onConnect })
  const live = new LiveHandler({ hub })
  const hls = new HlsHandler({ hub, targetDurationMs: 1_000, viewerTimeoutMs: 1_000 })
  callbacks.watchHls(hls)
  const web = createServer((request, response) => {
    if (!hls.handle(request, response) && !live.handle(request, response)) response.writeHead(404).end()
  })
  const { port } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await rtmp.close()
    live.close()
    await hls.close()
    hub.close()
    web.closeAllConnections()
    web.close()
    await callbacks.close()
  })
  const http = `http://127.0.0.1:${(web.address() as AddressInfo).port}/live/show`
  return { hub, callbacks, rtmp: `rtmp://127.0.0.1:${port}/live/show`, http }
}

/** An encoder that goes on until the test is over. */
function encode(url: string): void {
  start(requireTool('ffmpeg'), [
    '-v',
    'error',
    '-re',
    '-stream_loop',
    '-1',
    '-i',
    CLIP,
    '-c',
    'copy',
    '-f',
    'flv',
    url,
  ])
}

/** An encoder that is to be refused. */
const tryToEncode = (url: string): Promise<RunResult> =>
  run(requireTool('ffmpeg'), ['-v', 'error', '-re', '-i', CLIP, '-c', 'copy', '-f', 'flv', url])

/** A player that decodes a second and a half, or tells why not. */
const play = (url: string): Promise<RunResult> =>
  run(requireTool('ffmpeg'), ['-v', 'error', '-i', url, '-t', '1.5', '-f', 'null', '-'])

const callsOf = (action: string): Record<string, unknown>[] =>
  backend.calls.map(({ body }) => body).filter((body) => body['action'] === action)

/** Waits for a callback; the sockets of other processes take their time. */
const told = (action: string, times: number): Promise<void> =>
  until(
    () => callsOf(action).length >= times,
    () => `${times} ${action} in ${backend.actions.join()}`,
  )

beforeEach(async () => {
  backend = await Backend.start()
  // Encoders come with a key, players with a ticket.
  backend.answer = ({ body }, response) => {
    const { action, param } = body
    if (action === 'on_publish') response.json({ code: param === '?key=good' ? 0 : 1, msg: 'unknown key' })
    else if (action === 'on_play')
      response.status(200).send(param === '?ticket=good' ? '0' : '{"code":2,"msg":"no ticket"}')
    else response.send('0')
  }
})

describeWithTool('ffmpeg', 'ffmpeg', () => {
  it('publishes with one key, not with another', async () => {
    const { hub, rtmp } = await openDoors()
    const refused = await tryToEncode(`${rtmp}?key=bad`)
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('unknown key')
    expect(hub.stats().sources).toBe(0)

    const accepted = await tryToEncode(`${rtmp}?key=good`)
    expect([accepted.code, accepted.stderr]).toEqual([0, ''])
    await told('on_close', 2)
    expect(backend.actions).toEqual([
      'on_connect',
      'on_publish',
      'on_close',
      'on_connect',
      'on_publish',
      'on_unpublish',
      'on_close',
    ])
    const [bad, good] = callsOf('on_publish')
    expect([bad, good]).toMatchObject([
      { app: 'live', stream: 'show', param: '?key=bad', ip: '127.0.0.1', stream_url: '/live/show' },
      { app: 'live', stream: 'show', param: '?key=good', ip: '127.0.0.1', stream_url: '/live/show' },
    ])
    expect(good!['client_id']).toBe(callsOf('on_unpublish')[0]!['client_id'])
    const [, close] = callsOf('on_close')
    expect(close!['client_id']).toBe(good!['client_id'])
    expect(close!['recv_bytes']).toBeGreaterThan(20_000)
  })

  it.each<[name: string, url: (doors: { rtmp: string; http: string }) => string, refusal: RegExp]>([
    ['RTMP', ({ rtmp }) => rtmp, /no ticket/],
    ['HTTP-FLV', ({ http }) => `${http}.flv`, /403 Forbidden/],
    ['HLS', ({ http }) => `${http}.m3u8`, /403 Forbidden/],
  ])('plays over %s with one ticket, not with another', async (name, urlOf, refusal) => {
    const doors = await openDoors()
    encode(`${doors.rtmp}?key=good`)
    await told('on_publish', 1)
    const url = urlOf(doors)

    const refused = await play(`${url}?ticket=bad`)
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toMatch(refusal)
    expect(callsOf('on_stop')).toEqual([])

    const accepted = await play(`${url}?ticket=good`)
    expect([accepted.code, accepted.stderr]).toEqual([0, ''])
    await told('on_stop', 1)
    expect(callsOf('on_play')).toMatchObject([
      { stream: 'show', param: '?ticket=bad' },
      { stream: 'show', param: '?ticket=good' },
    ])
    expect(callsOf('on_stop')).toMatchObject([
      { stream: 'show', client_id: callsOf('on_play')[1]!['client_id'] },
    ])
    if (name !== 'HLS') return
    const numbers = callsOf('on_hls').map(({ seq_no }) => Number(seq_no))
    expect(numbers.length).toBeGreaterThan(0)
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i))
    expect(callsOf('on_hls')[0]).toMatchObject({
      client_id: callsOf('on_publish')[0]!['client_id'],
      param: '?key=good',
    })
  })

  describe('when the backend', () => {
    it.each<[name: string, act: () => Promise<void> | void, reason: string]>([
      ['is slow', () => backend.hold(), 'the application did not answer in time'],
      ['is down', () => backend.stop(), 'the application cannot be reached'],
      [
        'answers garbage',
        () => void (backend.answer = (_, response) => void response.send('<html>')),
        'the application gave no valid answer',
      ],
    ])('%s, nobody gets in, and nobody hangs', async (_, act, reason) => {
      const doors = await openDoors()
      await act()
      const startMs = performance.now()
      const [encoder, player, flv, hls] = await Promise.all([
        tryToEncode(`${doors.rtmp}?key=good`),
        play(`${doors.rtmp}?ticket=good`),
        fetch(`${doors.http}.flv?ticket=good`),
        fetch(`${doors.http}.m3u8?ticket=good`),
      ])
      expect(performance.now() - startMs).toBeLessThan(10_000)
      expect([encoder.code === 0, player.code === 0]).toEqual([false, false])
      expect([flv.status, await flv.text(), hls.status, await hls.text()]).toEqual([
        403,
        `${reason}\n`,
        403,
        `${reason}\n`,
      ])
      expect(doors.hub.stats()).toMatchObject({ sources: 0, deciding: 0 })
    })
  })
})
