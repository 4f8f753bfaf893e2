import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { ERROR_CODES } from 'millrace/errors'
import type { RtmpServerOptions } from 'millrace/node'
import { describe, expect, test } from 'vitest'
import { audioConfig, hugeConfig, inter, key, nameOf, videoConfig } from '../../hub/fakes.ts'
import { hex, join } from '../../support/bytes.ts'
import { fuzzRuns } from '../../support/fuzz.ts'
import { amf0, C0C1C2, command, media, message, streamCommand, u32 } from '../../support/rtmp-bytes.ts'
import { type Client, type RawClient, World } from '../memory-world.ts'

const RUNS = fuzzRuns(60)

const CONNECT = command('connect', 1, { app: 'live', tcUrl: 'rtmp://host/live' })
const PUBLISH = streamCommand('publish', 4, 'garbage')

/** How the one connection ended. */
function ends(world: World): string[] {
  return world.log.filter((line) => line.startsWith('close'))
}

/** A stream that goes on beside. */
async function bystanders(world: World): Promise<{ publisher: Client; player: Client }> {
  const publisher = await world.publish()
  const player = await world.play()
  publisher.write(audioConfig(0, 1), videoConfig(0, 2), key(0, 3))
  await world.settle()
  return { publisher, player }
}

async function expectUnharmed(
  world: World,
  { publisher, player }: { publisher: Client; player: Client },
): Promise<void> {
  const before = player.packets.length
  publisher.write(inter(40, 4), key(80, 5))
  await world.settle()
  expect(player.packets.slice(before).map(nameOf)).toEqual(['v4', 'V5'])
}

const bodies: readonly { name: string; code: string; bytes: Uint8Array }[] = [
  { name: 'another protocol', code: 'ERR_HANDSHAKE_VERSION', bytes: hex('47 45 54 20 2f') }, // GET /
  { name: 'RTMPE', code: 'ERR_HANDSHAKE_ENCRYPTED', bytes: hex('06') },
  {
    name: 'a command before connect',
    code: 'ERR_RTMP_NOT_CONNECTED',
    bytes: join(C0C1C2, command('createStream', 1, null)),
  },
  {
    name: 'a fmt 3 chunk first',
    code: 'ERR_CHUNK_NO_PREVIOUS_HEADER',
    bytes: join(C0C1C2, hex('c5')),
  },
  {
    name: 'a message of 16 MB',
    code: 'ERR_MESSAGE_TOO_LARGE',
    bytes: join(C0C1C2, hex('03 000000 ffffff 14 00000000')),
  },
  {
    name: 'chunks of 0 bytes',
    code: 'ERR_CHUNK_SIZE',
    bytes: join(C0C1C2, message(1, u32(0), { chunkStreamId: 2 })),
  },
  {
    name: '129 chunk streams',
    code: 'ERR_CHUNK_STREAM_COUNT',
    // csid 64 to 192 in two bytes, each opening a message of 200 bytes
    bytes: join(
      C0C1C2,
      CONNECT,
      ...Array.from({ length: 129 }, (_, i) =>
        join(hex('00'), Uint8Array.of(i), hex('000000 0000c8 12 01000000'), new Uint8Array(128)),
      ),
    ),
  },
  {
    name: 'a command that is no text',
    code: 'ERR_RTMP_COMMAND_NAME',
    bytes: join(C0C1C2, CONNECT, message(20, hex('05'))),
  },
  {
    name: 'AMF that ends too soon',
    code: 'ERR_AMF_END',
    bytes: join(C0C1C2, CONNECT, message(20, hex('02 ffff 61'))),
  },
  {
    name: 'nested AMF',
    code: 'ERR_AMF_DEPTH',
    bytes: join(C0C1C2, CONNECT, message(20, join(hex('02 0001 61 00 0000000000000000'), nested(40)))),
  },
  {
    name: 'configuration without bound',
    code: 'ERR_CONFIGURATION_BYTES',
    bytes: join(
      C0C1C2,
      CONNECT,
      PUBLISH,
      message(1, u32(0xff_ffff), { chunkStreamId: 2 }),
      message(9, hugeConfig(0).body, { chunkStreamId: 6, messageStreamId: 1, chunkSize: 0xff_ffff }),
    ),
  },
]

/** Objects inside of each other: marker 03, key 'a' … */
function nested(depth: number): Uint8Array {
  return join(...Array.from({ length: depth }, () => hex('03 0001 61')))
}

describe('what is odd but no fault ends nothing', () => {
  const oddities: readonly { name: string; connect: Uint8Array }[] = [
    { name: 'connect without tcUrl', connect: command('connect', 1, { app: 'live' }) },
    {
      name: 'connect with a tcUrl that is no URL',
      connect: command('connect', 1, { app: 'live', tcUrl: '%%%' }),
    },
    {
      name: 'connect with a tcUrl that is no text',
      connect: command('connect', 1, { app: 'live', tcUrl: 7 }),
    },
    { name: 'connect without an object', connect: command('connect', 1, null) },
    {
      name: 'connect with an argument in AMF3',
      // marker 11 avmplus-object, then AMF3 integer 5
      connect: message(20, join(amf0('connect', 1, { app: 'live' }), hex('11 04 05'))),
    },
  ]

  test.each(oddities)('defect: $name', async ({ connect }) => {
    const world = new World()
    const others = await bystanders(world)
    const odd = world.raw()
    odd.send(C0C1C2, connect, streamCommand('publish', 4, 'odd'))
    await world.settle()
    expect(odd.said()).toContain('onStatus 0 NetStream.Publish.Start')
    expect(odd.connection.streamPath).toMatch(/\/odd$/)
    await expectUnharmed(world, others)
  })

  test('defect: publish without a name is refused', async () => {
    const world = new World()
    const odd = world.raw()
    odd.send(C0C1C2, CONNECT, streamCommand('publish', 4))
    await world.settle()
    expect(odd.said().at(-1)).toBe('onStatus 0 NetStream.Publish.BadName')
    expect(ends(world)).toEqual(['close #1 rejected'])
  })
})

describe('each fault ends its own connection, with its code', () => {
  test.each(bodies)('defect: $name', async ({ bytes, code }) => {
    const world = new World()
    const others = await bystanders(world)
    const bad = world.raw({ windowBytes: 4_000_000 })
    bad.send(bytes)
    await world.settle()
    expect(ends(world)).toEqual([`close #3 ${code}`])
    expect(bad.ended).toBe(true)
    await expectUnharmed(world, others)
  })

  test('answers that nobody reads: a flood of calls', async () => {
    const world = new World({ server: { session: { maxOutputBytes: 100_000 } } })
    const flood = world.raw({ windowBytes: 10_000 })
    flood.stream.pause()
    flood.send(C0C1C2, CONNECT)
    await world.settle()
    const calls = join(...Array.from({ length: 20 }, () => command('_checkbw', 9, null)))
    let most = 0
    for (let i = 0; i < 1_000 && ends(world).length === 0; i++) {
      flood.send(calls)
      await world.settle()
      most = Math.max(most, flood.connection.stats().queuedBytes)
    }
    expect(ends(world)).toEqual(['close #1 ERR_RTMP_OUTPUT'])
    expect(most).toBeLessThan(262_144 + 100_000 + 5_000)
  })
})

describe('silence', () => {
  const times: readonly { name: string; sent: Uint8Array[]; ms: number; code: string }[] = [
    { name: 'nothing at all', sent: [], ms: 10_000, code: 'ERR_RTMP_HANDSHAKE_TIMEOUT' },
    {
      name: 'half a handshake',
      sent: [C0C1C2.subarray(0, 700)],
      ms: 10_000,
      code: 'ERR_RTMP_HANDSHAKE_TIMEOUT',
    },
    { name: 'a handshake alone', sent: [C0C1C2], ms: 30_000, code: 'ERR_RTMP_COMMAND_TIMEOUT' },
    { name: 'a connect alone', sent: [C0C1C2, CONNECT], ms: 30_000, code: 'ERR_RTMP_COMMAND_TIMEOUT' },
    {
      name: 'a publisher that sends no media',
      sent: [C0C1C2, CONNECT, PUBLISH],
      ms: 20_000,
      code: 'ERR_RTMP_MEDIA_TIMEOUT',
    },
    {
      name: 'a publisher that stops',
      sent: [C0C1C2, CONNECT, PUBLISH, media(8, 0, hex('2f ff fb'))],
      ms: 5_000,
      code: 'ERR_RTMP_MEDIA_TIMEOUT',
    },
  ]

  test.each(times)('defect: $name', async ({ sent, ms, code }) => {
    const world = new World()
    const silent = world.raw()
    silent.send(...sent)
    await world.settle()
    await world.advance(ms - 250)
    expect(ends(world)).toEqual([])
    await world.advance(1_000)
    expect(ends(world)).toEqual([`close #1 ${code}`])
  })

  test('a peer that drips its handshake has no more time', async () => {
    const world = new World()
    const slow = world.raw()
    for (let i = 0; i < 41; i++) {
      slow.send(C0C1C2.subarray(i, i + 1))
      await world.advance(250)
    }
    expect(ends(world)).toEqual(['close #1 ERR_RTMP_HANDSHAKE_TIMEOUT'])
  })

  test('defect: a publisher that has gone without a word makes room for itself', async () => {
    const world = new World()
    const before = await world.publish()
    before.write(videoConfig(0, 1), key(0, 2))
    // Neither end nor reset arrives: the cable is cut.
    await world.advance(3_000)
    expect((await world.publish()).news[0]).toBe('NetStream.Publish.BadName')
    await world.advance(2_500)
    expect((await world.publish()).phase).toBe('publishing')
  })

  test('a player that has gone without a word is closed when it has taken nothing for a while', async () => {
    const world = new World({ server: { stallTimeoutMs: 20_000 } })
    const publisher = await world.publish()
    const player = await world.play('show', { windowBytes: 20_000 })
    player.stream.pause()
    for (let dts = 0; dts < 26_000; dts += 500) {
      publisher.write(key(dts, dts, 10_000))
      await world.advance(500)
    }
    expect(ends(world)).toEqual([`close #2 ERR_RTMP_STALLED`])
    expect(world.server.connections.size).toBe(1)
  })

  test('one that reads slowly is not, nor one that pauses', async () => {
    const world = new World({ server: { stallTimeoutMs: 4_000, session: { pingIntervalMs: 0 } } })
    const publisher = await world.publish()
    const slow = await world.play('show', { windowBytes: 5_000 })
    const paused = await world.play()
    paused.session.pause(true)
    paused.flush()
    slow.stream.pause()
    for (let dts = 0; dts < 20_000; dts += 500) {
      publisher.write(key(dts, dts, 10_000))
      await world.advance(500)
      slow.stream.read(3_000)
    }
    expect(ends(world)).toEqual([])
  })
})

describe('random input', () => {
  const options: Partial<RtmpServerOptions> = { session: { maxOutputBytes: 200_000 } }

  /** Sends `bytes` in pieces; whatever they are, the server keeps its word. */
  async function feed(bytes: Uint8Array, pieceBytes: number): Promise<void> {
    const world = new World({ server: options })
    const others = await bystanders(world)
    const bad: RawClient = world.raw({ windowBytes: 1_000_000 })
    for (let at = 0; at < bytes.length; at += pieceBytes) bad.send(bytes.subarray(at, at + pieceBytes))
    await world.settle()
    await expectUnharmed(world, others)
    bad.stream.destroy()
    await world.settle()
    const [end, ...more] = ends(world)
    expect(more).toEqual([])
    const code = end?.replace('close #3 ', '') ?? ''
    expect(['closed', 'rejected', ...Object.keys(ERROR_CODES)]).toContain(code)
    expect(world.server.connections.size).toBe(2)
    await world.end()
  }

  test('instead of a handshake', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4000 }), fc.integer({ min: 1, max: 4000 }), feed),
      { seed: 3, numRuns: RUNS },
    )
  })

  const captures = new Map(
    ['ffmpeg-publish', 'librtmp-publish', 'gstreamer-rtmp2sink-publish', 'ffmpeg-play'].map((name) => [
      name,
      new Uint8Array(readFileSync(new URL(`../../rtmp/fixtures/${name}.bin`, import.meta.url))),
    ]),
  )
  const part = fc.double({ min: 0, max: 1, noNaN: true })

  test('real clients with flaws', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...captures.keys()),
        fc.array(fc.tuple(part, fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        part,
        fc.integer({ min: 100, max: 70_000 }),
        async (name, flaws, missing, pieceBytes) => {
          const capture = captures.get(name)!
          const bytes = capture.slice(0, Math.ceil(capture.length * (1 - missing * missing)))
          for (const [at, byte] of flaws) bytes[Math.floor(at * (bytes.length - 1))] = byte
          await feed(bytes, pieceBytes)
        },
      ),
      { seed: 4, numRuns: RUNS },
    )
  })
})
