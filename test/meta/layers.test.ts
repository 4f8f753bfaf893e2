import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, resolve } from 'node:path'
import { expect, it } from 'vitest'

/** Lowest first. A folder may import only from folders named before it; `.` is `src/index.ts`. */
const LAYERS = [
  'errors', 'bytes',
  'amf0', 'codec',
  'media',
  'flv', 'mpegts', 'mp4',
  'handshake', 'chunk',
  'rtmp', 'hls', 'websocket', 'srt',
  'hub',
  'node',
  'services',
  '.',
] // prettier-ignore

const SRC = resolve(import.meta.dirname, '../../src')
const rank = new Map(LAYERS.map((folder, i) => [folder, i] as const))
const PORTABLE_UP_TO = rank.get('hub')!

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
const folderOf = (file: string): string => (file.includes('/') ? posix.dirname(file).split('/')[0]! : '.')
const importsOf = (file: string): string[] =>
  Array.from(
    readFileSync(join(SRC, file), 'utf8')
      .replaceAll(/\/\*[\s\S]*?\*\//g, '')
      .matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g),
    (match) => match[1]!,
  )

it('every folder of src has its place in the layer order', () => {
  expect([...new Set(files.map(folderOf))].filter((folder) => !rank.has(folder))).toEqual([])
})

it('folders import only from lower layers', () => {
  const wrong: string[] = []
  for (const file of files) {
    for (const specifier of importsOf(file)) {
      if (!specifier.startsWith('.')) continue
      const path = relative(SRC, resolve(dirname(join(SRC, file)), specifier)).split('/')
      const to = path.length > 1 ? path[0]! : '.'
      if (folderOf(file) === to) continue
      if (rank.get(folderOf(file))! <= rank.get(to)!) wrong.push(`${file} -> ${specifier}`)
    }
  }
  expect(wrong).toEqual([])
})

it('everything up to the hub is free of node:, zod and debug', () => {
  const wrong: string[] = []
  for (const file of files) {
    if (rank.get(folderOf(file))! > PORTABLE_UP_TO) continue
    for (const specifier of importsOf(file)) {
      const allowed = specifier.startsWith('.') || specifier === 'eventemitter3'
      if (!allowed) wrong.push(`${file} -> ${specifier}`)
    }
  }
  expect(wrong).toEqual([])
})

it('listeners are called by the Announcer alone, so that one that throws costs nothing but itself', () => {
  expect(files.filter((file) => importsOf(file).includes('eventemitter3'))).toEqual(['hub/announcer.ts'])
})

it('every folder of src is a subpath export with an index.ts', () => {
  const { exports } = JSON.parse(readFileSync(resolve(SRC, '../package.json'), 'utf8')) as {
    exports: Record<string, unknown>
  }
  const folders = [...new Set(files.map(folderOf))].filter((folder) => folder !== '.').toSorted()
  expect(
    Object.keys(exports)
      .filter((key) => key !== '.' && key !== './package.json')
      .toSorted(),
  ).toEqual(folders.map((folder) => `./${folder}`))
  expect(folders.filter((folder) => !existsSync(join(SRC, folder, 'index.ts')))).toEqual([])
})
