/**
 * What real servers answer, from the first byte (fixtures/README.md says how it was taken), and what the client makes of it.
 */
import { readFileSync } from 'node:fs'
import type { RtmpClientEvent } from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'
import { HANDSHAKE_BYTES, ClientHarness } from './session-harness.ts'

const PUBLISHES = [
  'connect 1',
  'windowAcknowledgementSize 2500000',
  'setChunkSize 65536',
  'releaseStream 2 cam',
  'FCPublish 3 cam',
  'createStream 4',
  'publish 5 cam live',
]
const PLAYS = [
  'connect 1',
  'windowAcknowledgementSize 2500000',
  'createStream 2',
  'play 3 cam',
  'setBufferLength 1 1000',
]

const captures: readonly {
  readonly file: string
  readonly events: readonly string[]
  readonly output: readonly string[]
}[] = [
  {
    file: 'ffmpeg-listen-takes.bin',
    events: [
      'unknown userControl',
      'connected NetConnection.Connect.Success',
      'command onBWDone',
      'reply 2',
      'command onFCPublish',
      'unknown userControl',
      'status NetStream.Publish.Start',
      'publishing',
    ],
    output: PUBLISHES,
  },
  {
    file: 'ffmpeg-listen-plays.bin',
    events: [
      'unknown userControl',
      'connected NetConnection.Connect.Success',
      'command onBWDone',
      'unknown userControl',
      'status NetStream.Play.Start',
      'playing',
      'media data 0 configuration',
      'media video 0 avc1 configuration',
      'media audio 0 mp4a configuration',
      'media audio 0 mp4a',
    ],
    output: PLAYS,
  },
  {
    file: 'nginx-rtmp-takes.bin',
    events: [
      'connected NetConnection.Connect.Success',
      'status NetStream.Publish.Start',
      'publishing',
      'status NetStream.Unpublish.Success',
    ],
    output: PUBLISHES,
  },
  {
    file: 'nginx-rtmp-plays.bin',
    events: [
      'connected NetConnection.Connect.Success',
      'unknown userControl',
      'status NetStream.Play.Start',
      'playing',
      'data ["|RtmpSampleAccess",true,true]',
      'media data 0 configuration',
      'media audio 1486 mp4a configuration',
      'media audio 1509 mp4a',
      'media audio 1532 mp4a',
      '7 more',
    ],
    output: PLAYS,
  },
  {
    file: 'node-media-server-takes.bin',
    events: ['connected NetConnection.Connect.Success', 'status NetStream.Publish.Start', 'publishing'],
    output: PUBLISHES,
  },
  {
    file: 'node-media-server-plays.bin',
    events: [
      'connected NetConnection.Connect.Success',
      'unknown userControl',
      'status NetStream.Play.Reset',
      'status NetStream.Play.Start',
      'playing',
      'data ["|RtmpSampleAccess",false,false]',
      'media data 0 configuration',
      'media audio 0 mp4a configuration',
      'media video 0 avc1 configuration',
    ],
    output: PLAYS,
  },
]

function inWords(event: RtmpClientEvent): string {
  if (event.type === 'connected') return `connected ${event.information['code'] as string}`
  if (event.type === 'status') return `status ${event.code}`
  if (event.type === 'stop') return `stop ${event.code}`
  if (event.type === 'command') return `command ${event.command.name}`
  if (event.type === 'reply') return `reply ${event.transactionId}${event.isError ? ' error' : ''}`
  if (event.type === 'data') return `data ${JSON.stringify(event.values)}`
  if (event.type === 'unknown') return `unknown ${event.message.type}`
  if (event.type !== 'media') return event.type
  const { kind, dts, codec, configuration, keyframe } = event.packet
  return ['media', kind, dts, codec, configuration && 'configuration', keyframe && 'keyframe']
    .filter((word) => word !== false && word !== '')
    .join(' ')
}

/** Drives a client; the first four packets of a play are told. */
function run(mode: 'publish' | 'play', parts: readonly Uint8Array[]): { events: string[]; output: string[] } {
  const harness = new ClientHarness({ mode, streamName: 'cam' })
  const events: string[] = []
  let media = 0
  for (const part of parts) {
    for (const event of harness.push(part)) {
      if (event.type !== 'media' || ++media <= 4) events.push(inWords(event))
    }
  }
  if (media > 4) events.push(`${media - 4} more`)
  return { events, output: harness.output() }
}

describe.each(captures)('$file', ({ file, events, output }) => {
  const bytes = new Uint8Array(readFileSync(new URL(`fixtures/${file}`, import.meta.url)))
  const mode = file.includes('takes') ? 'publish' : 'play'

  test('in one piece', () => {
    expect(run(mode, [bytes])).toEqual({ events, output })
  })

  test('byte by byte', () => {
    expect(
      run(
        mode,
        Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)),
      ),
    ).toEqual({ events, output })
  })

  test('cut in two, everywhere among the commands', () => {
    const end = Math.min(bytes.length, HANDSHAKE_BYTES + 500)
    for (let cut = HANDSHAKE_BYTES - 40; cut < end; cut += 3) {
      expect(run(mode, [bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual({ events, output })
    }
  })
})
