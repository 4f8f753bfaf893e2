import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** Modules and packages that loading `file` loads. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(`${SRC}/${file}`, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
  for (const [, specifier] of text.matchAll(
    /^(?:import|export) (?:(?!type )[\w*{][\w\s,{}*]* from )?'([^']+)'/gm,
  )) {
    if (specifier!.startsWith('.')) loadedBy(posix.join(posix.dirname(file), specifier!), seen)
    else seen.add(specifier!)
  }
  return seen
}

const services = readdirSync(`${SRC}/services`).filter((name) =>
  existsSync(`${SRC}/services/${name}/index.ts`),
)

/** Which other services the entry point of a service loads. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  bandwidth: ['authentication'],
  callbacks: ['identity'],
  relay: ['identity'],
  statistics: ['identity'],
  metrics: ['admission', 'authentication', 'identity', 'statistics'],
  'http-api': ['admission', 'authentication', 'control', 'identity', 'statistics'],
  heartbeat: ['callbacks', 'http-api', 'identity', 'statistics'],
}

it.each(services)('services/%s loads no other services than it needs', (name) => {
  const loaded = loadedBy(`services/${name}/index.ts`)
  const rooms = [...loaded].flatMap((file) => /^services\/([^/]+)\//.exec(file)?.[1] ?? [])
  const others = [...new Set(rooms)].filter((room) => room !== name)
  expect(new Set(others)).toEqual(new Set(OTHERS[name]))
})

it('services/admission costs little more than the hub: no zod, no servers, no session', () => {
  const loaded = [...loadedBy('services/admission/index.ts')]
  expect(loaded).toContain('hub/index.ts')
  expect(
    loaded.filter((file) =>
      /^(zod|node\/(rtmp|http)\/index\.ts|node\/index\.ts|rtmp\/index\.ts)$/.test(file),
    ),
  ).toEqual([])
})
