import { accept, type AccessDecision, type AccessRequest, Hub, redirect, reject } from 'millrace/hub'
import { packetFromTag } from 'millrace/media'
import { expect, test } from 'vitest'
import { EventLog } from '../../examples/server/event-log.ts'

const REQUEST: AccessRequest = {
  action: 'play',
  protocol: 'http-flv',
  vhost: '',
  app: 'live',
  streamName: 'show',
  streamPath: '/live/show',
  query: {},
  remoteAddress: '192.0.2.7',
  secure: false,
  url: '',
  pageUrl: '',
  details: {},
}

/** The lines of one request, from its decision to its end. */
async function linesOf(answer: AccessDecision, request: AccessRequest): Promise<string[]> {
  const lines: string[] = []
  const hub = new Hub({ authorize: () => answer })
  // Each line opens with its time and a blank.
  new EventLog((line) => lines.push(line.slice(25))).watchHub(hub)
  const decision = await hub.authorize(request, new AbortController().signal)
  if (decision.type === 'accept') decision.onEnd?.()
  return lines
}

test('a player has a line when it is let in and one when it is over', async () => {
  expect(await linesOf(accept(), REQUEST)).toEqual([
    'play /live/show by http-flv from 192.0.2.7: allowed',
    'play /live/show by http-flv from 192.0.2.7: ended',
  ])
})

test('whoever is turned away has a line with the reason', async () => {
  expect(await linesOf(reject('no ticket'), REQUEST)).toEqual([
    'play /live/show by http-flv from 192.0.2.7: refused, no ticket',
  ])
  expect(await linesOf(redirect('https://other.example/'), REQUEST)).toEqual([
    'play /live/show by http-flv from 192.0.2.7: sent to https://other.example/',
  ])
})

test('nobody forges a line or drives a terminal', () => {
  const hostile = 'a\r\n2026 publish /live/forged\u001b[2J\u009b2J\u2028\u202e'
  const lines: string[] = []
  for (const format of ['text', 'json'] as const) {
    new EventLog((line) => lines.push(line), format).event('connect', { agent: hostile }, hostile)
  }
  const [text, json] = lines
  expect(lines).toHaveLength(2)
  expect(lines.join('')).toMatch(/^[\x20-\x7e]*$/)
  expect(text).toContain(String.raw`a\u000d\u000a2026`)
  expect(JSON.parse(json!)).toMatchObject({ agent: hostile })
})

test('a stream key is in no line', async () => {
  const publish: AccessRequest = {
    ...REQUEST,
    action: 'publish',
    protocol: 'rtmp',
    streamName: 's3cret',
    streamPath: '/live/s3cret',
  }
  const lines = [
    ...(await linesOf(accept({ streamPath: '/live/show' }), publish)),
    ...(await linesOf(reject('unknown stream key'), publish)),
  ]
  expect(lines).toEqual([
    'publish /live/show by rtmp from 192.0.2.7: allowed',
    'publish /live/show by rtmp from 192.0.2.7: ended',
    'publish /live/… by rtmp from 192.0.2.7: refused, unknown stream key',
  ])
})

test('a stream whose video has stalled has one line', () => {
  const lines: string[] = []
  const hub = new Hub()
  new EventLog((line) => lines.push(line.slice(25))).watchHub(hub, 'a.test')
  const publisher = hub.publish('/live/show')
  // AVC sequence header: key | codec 7, packet type 0; then AAC every 20 ms: format 10, packet type 1
  publisher.write(packetFromTag(9, 0, Uint8Array.of(0x17, 0x00, 0, 0, 0, 0x01)))
  for (let ms = 0; ms <= 9_000; ms += 20)
    publisher.write(packetFromTag(8, ms, Uint8Array.of(0xaf, 0x01, 0x21)))
  expect(lines.slice(1)).toEqual([
    'no picture in a.test/live/show for 3 s: players get only audio until a keyframe arrives',
  ])
  hub.close()
})
