import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, resolve } from 'node:path'
import { expect, it } from 'vitest'

/**
 * The rooms of `src`, lowest first: folders whose `index.ts` is all that others see of them, but for
 * `internal.ts`, what other rooms use and users of the package do not see. A room may import only from rooms named
 * before it. `.` is `src/index.ts`; `node` is the entry point of the four rooms in it; `services` holds the few files that all services share.
 */
const ROOMS = [
  'errors', 'bytes',
  'amf0', 'codec',
  'media',
  'flv', 'mpegts', 'mp4',
  'sdp', 'rtp',
  'handshake', 'chunk',
  'rtmp', 'segment', 'hls', 'websocket', 'srt',
  'hub',
  'node/net', 'node/http', 'node/rtmp', 'node/srt', 'node',
  'packaging',
  'services',
  'services/identity', 'services/authentication', 'services/control',
  'services/statistics', 'services/vhosts',
  'services/admission', 'services/callbacks',
  'services/relay', 'services/recording', 'services/ffmpeg', 'services/bandwidth',
  'services/metrics', 'services/http-api', 'services/heartbeat',
  '.',
] // prettier-ignore

/** Rooms that are no entry points of the package. */
const INNER = new Set(['node/net', 'node/http', 'node/rtmp', 'node/srt', 'services', '.'])

const SRC = resolve(import.meta.dirname, '../../src')
const rank = new Map(ROOMS.map((room, i) => [room, i] as const))
const PORTABLE_UP_TO = rank.get('hub')!

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
const roomOf = (file: string): string => posix.dirname(file)
const importsOf = (file: string): string[] =>
  Array.from(
    readFileSync(join(SRC, file), 'utf8')
      .replaceAll(/\/\*[\s\S]*?\*\//g, '')
      .matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g),
    (match) => match[1]!,
  )

/** Imports from one room to another, as files below `src`. */
const arrows = files.flatMap((file) =>
  importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({
      file,
      to: relative(SRC, resolve(dirname(join(SRC, file)), specifier)).replaceAll('\\', '/'),
    }))
    .filter(({ to }) => roomOf(to) !== roomOf(file)),
)

it('every folder of src is a room with a place in the order', () => {
  expect([...new Set(files.map(roomOf))].filter((room) => !rank.has(room))).toEqual([])
  expect(
    ROOMS.filter((room) => room !== 'services' && !files.includes(posix.join(room, 'index.ts'))),
  ).toEqual([])
})

it('rooms import only from lower rooms', () => {
  const wrong = arrows.filter(({ file, to }) => rank.get(roomOf(file))! <= rank.get(roomOf(to))!)
  expect(wrong.map(({ file, to }) => `${file} -> ${to}`)).toEqual([])
})

const DOORS = new Set(['index.ts', 'internal.ts'])

it('rooms see only the index of another room, or what it keeps for them', () => {
  const wrong = arrows.filter(({ to }) => !DOORS.has(posix.basename(to)) && roomOf(to) !== 'services')
  expect(wrong.map(({ file, to }) => `${file} -> ${to}`)).toEqual([])
})

it('everything up to the hub is free of node:, zod and debug', () => {
  const wrong: string[] = []
  for (const file of files) {
    if (rank.get(roomOf(file))! > PORTABLE_UP_TO) continue
    for (const specifier of importsOf(file)) {
      const allowed = specifier.startsWith('.') || (specifier === 'eventemitter3' && roomOf(file) === 'hub')
      if (!allowed) wrong.push(`${file} -> ${specifier}`)
    }
  }
  expect(wrong).toEqual([])
})

it('every room is an entry point of the package, but for the inner ones', () => {
  const { exports } = JSON.parse(readFileSync(resolve(SRC, '../package.json'), 'utf8')) as {
    exports: Record<string, unknown>
  }
  expect(
    Object.keys(exports)
      .filter((key) => key !== '.' && key !== './package.json')
      .toSorted(),
  ).toEqual(
    ROOMS.filter((room) => !INNER.has(room))
      .map((room) => `./${room}`)
      .toSorted(),
  )
})
