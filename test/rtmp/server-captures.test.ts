/**
 * What real clients send, from the first byte to the last (fixtures/README.md says how it was taken), and what the session makes of it.
 */
import { readFileSync } from 'node:fs'
import type { RtmpServerEvent } from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'
import { HANDSHAKE_BYTES, ServerHarness } from './session-harness.ts'

interface Capture {
  readonly file: string
  /** Events, in words. Runs of media are folded. */
  readonly events: readonly string[]
  /** Answers, in words. */
  readonly output: readonly string[]
}

const ACCEPTED = [
  'windowAcknowledgementSize 2500000',
  'setPeerBandwidth 2500000 2',
  'setChunkSize 65536',
  '_result 1 NetConnection.Connect.Success',
  'onBWDone 0',
]
const PLAYING = [
  'streamBegin 1',
  'onStatus 0 NetStream.Play.Reset',
  'onStatus 0 NetStream.Play.Start',
  'data |RtmpSampleAccess true true',
]
const ENDED = ['onFCUnpublish 0 NetStream.Unpublish.Success', 'onStatus 0 NetStream.Unpublish.Success']
const STARTED = ['onFCPublish 0 NetStream.Publish.Start', 'onStatus 0 NetStream.Publish.Start']

const captures: readonly Capture[] = [
  {
    file: 'ffmpeg-publish.bin',
    events: [
      'connect live rtmp://127.0.0.1:19435/live',
      'command releaseStream 2 handled',
      'command FCPublish 3 handled',
      'command createStream 4 handled',
      'command _checkbw 5 handled',
      'publish cam live',
      'media data 0 configuration',
      'media video 0 avc1 configuration',
      'media audio 0 mp4a configuration',
      'media audio 0 mp4a',
      '28 more',
      'unpublish',
      'command deleteStream 8 handled',
    ],
    output: [
      ...ACCEPTED,
      '_result 2 undefined',
      '_result 3 undefined',
      '_result 4 1',
      '_result 5 null',
      ...STARTED,
      ENDED[0]!,
      '_result 7 undefined',
      ENDED[1]!,
    ],
  },
  {
    file: 'librtmp-publish.bin',
    events: [
      'connect live rtmp://127.0.0.1:19435/live',
      'command releaseStream 2 handled',
      'command FCPublish 3 handled',
      'command createStream 4 handled',
      'command _checkbw 5 handled',
      'publish cam live',
      'media data 0 configuration',
      'media video 0 avc1 configuration',
      'media video 0 avc1 keyframe',
      'media video 200 avc1',
      '4 more',
      'unpublish',
      'command deleteStream 8 handled',
    ],
    output: [
      ...ACCEPTED,
      '_result 2 undefined',
      '_result 3 undefined',
      '_result 4 1',
      '_result 5 null',
      ...STARTED,
      ENDED[0]!,
      '_result 7 undefined',
      ENDED[1]!,
    ],
  },
  {
    file: 'gstreamer-rtmp2sink-publish.bin',
    events: [
      'connect live rtmp://127.0.0.1:19435/live',
      'command releaseStream 0 handled',
      'command FCPublish 0 handled',
      'command createStream 2 handled',
      'publish cam live',
      'media data 0 configuration',
      'media video 0 avc1 configuration',
      'media audio 0 mp4a configuration',
      'media audio 0 mp4a',
      '29 more',
      'unpublish',
      'command deleteStream 0 handled',
    ],
    output: [
      ...ACCEPTED,
      '_result 0 undefined',
      '_result 0 undefined',
      '_result 2 1',
      ...STARTED,
      ENDED[0]!,
      '_result 0 undefined',
      ENDED[1]!,
    ],
  },
  {
    file: 'ffmpeg-play.bin',
    events: [
      'connect live rtmp://127.0.0.1:19435/live',
      'command createStream 2 handled',
      'command _checkbw 3 handled',
      'command getStreamLength 4 handled',
      'play cam -2000',
      'bufferLength 3000',
      'stop',
    ],
    output: [...ACCEPTED, '_result 2 1', '_result 3 null', '_result 4 0', ...PLAYING],
  },
  {
    file: 'rtmpdump-play.bin',
    events: [
      'connect live rtmp://127.0.0.1:19435/live',
      'bufferLength 300',
      'command createStream 2 handled',
      'command FCSubscribe 3 handled',
      'command _checkbw 4 handled',
      'play cam -1000',
      'bufferLength 36000000',
      'stop',
    ],
    output: [
      ...ACCEPTED,
      '_result 2 1',
      'onFCSubscribe 0 NetStream.Play.Start',
      '_result 3 undefined',
      '_result 4 null',
      ...PLAYING,
    ],
  },
  {
    file: 'gstreamer-rtmp2src-play.bin',
    events: [
      'connect live rtmp://127.0.0.1:19435/live',
      'bufferLength 300',
      'command createStream 2 handled',
      'play cam -2',
      'bufferLength 30000',
    ],
    output: [...ACCEPTED, '_result 2 1', ...PLAYING],
  },
]

function inWords(event: RtmpServerEvent): string {
  if (event.type === 'connect') return `connect ${event.request.app} ${event.request.tcUrl}`
  if (event.type === 'publish') return `publish ${event.streamName} ${event.publishType}`
  if (event.type === 'play') return `play ${event.streamName} ${event.start}`
  if (event.type === 'bufferLength') return `bufferLength ${event.bufferLengthMs}`
  if (event.type === 'command') {
    const { command, handled } = event
    return `command ${command.name} ${command.transactionId}${handled ? ' handled' : ''}`
  }
  if (event.type !== 'media') return event.type
  const { kind, dts, codec, configuration, keyframe } = event.packet
  return ['media', kind, dts, codec, configuration && 'configuration', keyframe && 'keyframe']
    .filter((word) => word !== false && word !== '')
    .join(' ')
}

/** Drives a session whose client is accepted at once. */
function run(parts: readonly Uint8Array[]): { events: string[]; output: string[] } {
  const harness = new ServerHarness()
  const events: string[] = []
  let media = 0
  for (const part of parts) {
    harness.session.push(part, harness.nowMs)
    for (let event = harness.session.readEvent(); event !== undefined; event = harness.session.readEvent()) {
      if (event.type === 'connect') harness.session.acceptConnect()
      else if (event.type === 'publish') harness.session.acceptPublish()
      else if (event.type === 'play') harness.session.acceptPlay()
      if (event.type === 'unpublish') events.push(`${media - 4} more`)
      if (event.type !== 'media' || ++media <= 4) events.push(inWords(event))
    }
  }
  return { events, output: harness.output() }
}

describe.each(captures)('$file', ({ file, events, output }) => {
  const bytes = new Uint8Array(readFileSync(new URL(`fixtures/${file}`, import.meta.url)))

  test('in one piece', () => {
    expect(run([bytes])).toEqual({ events, output })
  })

  test('byte by byte', () => {
    expect(run(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toEqual({ events, output })
  })

  test('cut in two, everywhere among the commands', () => {
    const end = Math.min(bytes.length, HANDSHAKE_BYTES + 700)
    for (let cut = HANDSHAKE_BYTES - 40; cut < end; cut += 3) {
      expect(run([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual({ events, output })
    }
  })
})
