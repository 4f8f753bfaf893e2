/** Sessions under captures that were cut, flipped and spliced: every peer's fault ends in one close event and nowhere else. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzRuns } from '../support/fuzz.ts'
import { ClientHarness, HANDSHAKE_BYTES, ServerHarness } from './session-harness.ts'

const RUNS = fuzzRuns(300)

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`fixtures/${name}.bin`, import.meta.url)))
}

const clients = [
  'ffmpeg-publish',
  'librtmp-publish',
  'gstreamer-rtmp2sink-publish',
  'ffmpeg-play',
  'rtmpdump-play',
  'gstreamer-rtmp2src-play',
] as const

const servers = [
  'ffmpeg-listen-takes',
  'ffmpeg-listen-plays',
  'nginx-rtmp-plays',
  'node-media-server-plays',
] as const

const captures: ReadonlyMap<string, Uint8Array> = new Map(
  [...clients, ...servers].map((name) => [name, fixture(name)]),
)

/** One change to the bytes after the handshake. */
interface Change {
  readonly kind: 'flip' | 'cut' | 'insert' | 'repeat' | 'random'
  readonly at: number
  readonly bytes: Uint8Array
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'insert', 'repeat', 'random'),
  at: fc.nat({ max: 3000 }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 24 }),
})

function mutated(name: string, changes: readonly Change[]): Uint8Array {
  const bytes = captures.get(name)!
  let out = Array.from(bytes.subarray(HANDSHAKE_BYTES))
  for (const { kind, at: position, bytes: given } of changes) {
    const at = position % Math.max(1, out.length)
    if (kind === 'flip') out[at] = (out[at] ?? 0) ^ (given[0] || 1)
    else if (kind === 'cut') out.splice(at, given.length)
    else if (kind === 'insert') out.splice(at, 0, ...given)
    else if (kind === 'repeat') out.splice(at, 0, ...out.slice(at, at + 8 * given.length))
    else out = [...out.slice(0, at), ...given]
  }
  return Uint8Array.from([...bytes.subarray(0, HANDSHAKE_BYTES), ...out])
}

function feed(harness: ServerHarness | ClientHarness, bytes: Uint8Array, pieceBytes: number): string[] {
  const types: string[] = []
  const take = (): void => {
    for (const event of harness.events()) {
      types.push(event.type)
      if (harness instanceof ServerHarness) {
        if (event.type === 'connect') harness.session.acceptConnect()
        if (event.type === 'publish') harness.session.acceptPublish()
        if (event.type === 'play') harness.session.acceptPlay()
      }
    }
    harness.session.takeOutput()
  }
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    harness.session.push(bytes.subarray(at, at + pieceBytes), harness.nowMs)
    // A decision lets more events out.
    for (let before = -1; before !== types.length;) {
      before = types.length
      take()
    }
  }
  harness.session.close()
  take()
  return types
}

describe.each([
  ['server', clients, () => new ServerHarness()],
  ['client, publishing', servers, () => new ClientHarness()],
  ['client, playing', servers, () => new ClientHarness({ mode: 'play' })],
] as const)('%s', (_, names, create) => {
  test('push never throws, and close comes once and last', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 50, max: 9000 }),
        (name, changes, pieceBytes) => {
          const types = feed(create(), mutated(name, changes), pieceBytes)
          expect(types.indexOf('close')).toBe(types.length - 1)
        },
      ),
      { seed: 7, numRuns: RUNS },
    )
  })

  test('random bytes after a handshake', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const types = feed(create(), Uint8Array.from([3, ...new Uint8Array(3072), ...noise]), 5000)
        expect(types.indexOf('close')).toBe(types.length - 1)
      }),
      { seed: 9, numRuns: RUNS },
    )
  })
})

test('the events of mutated bytes do not depend on their split, up to where the whole ends', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...clients),
      fc.array(change, { minLength: 1, maxLength: 2 }),
      fc.integer({ min: 1, max: 600 }),
      (name, changes, pieceBytes) => {
        const input = mutated(name, changes)
        // A fault that comes in one piece with a publish ends the wait for its decision.
        const ends = new Set(['close', 'unpublish', 'stop'])
        const whole = feed(new ServerHarness(), input, 1e6).filter((type) => !ends.has(type))
        const split = feed(new ServerHarness(), input, pieceBytes).filter((type) => !ends.has(type))
        expect(split.slice(0, whole.length)).toEqual(whole)
      },
    ),
    { seed: 11, numRuns: Math.ceil(RUNS / 5) },
  )
})
