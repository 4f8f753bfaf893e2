/** The page of the reference server shows every key of the configuration file. */
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { serverSections, vhostKeys } from '../../examples/server/config/config.schema.ts'
import { withoutDefault } from '../../examples/server/config/switchable.ts'
import { vhostSections } from '../../examples/server/config/vhost-sections.ts'
import { readText } from '../support/project.ts'

const page = readText('docs/guides/server.md')
const [, file = ''] = /```yaml\n(rtmp[\s\S]*?)```/.exec(page) ?? []

/** Paths of all keys of a schema, `[]` standing for the items of a list. */
function keysOf(given: z.ZodType, path: string): string[] {
  const schema = withoutDefault(given)
  if (schema instanceof z.ZodArray) return keysOf(schema.element as z.ZodType, `${path}[]`)
  if (!(schema instanceof z.ZodObject)) return [path]
  const shape: Readonly<Record<string, z.ZodType>> = schema.shape
  return Object.entries(shape).flatMap(([key, inner]) => keysOf(inner, `${path}.${key}`))
}

function keysIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((item) => keysIn(item, `${path}[]`))]
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => keysIn(inner, `${path}.${key}`))]
}

it('has every key', () => {
  const shown = new Set(keysIn(parse(file), ''))
  const keys = keysOf(z.object({ ...serverSections, ...vhostSections }), '')
  const ofVhosts = keysOf(z.object(vhostKeys), '.vhosts.live.example.com')
  expect([...keys, ...ofVhosts].filter((key) => !shown.has(key.replace(/\[\]$/, '')))).toEqual([])
})
