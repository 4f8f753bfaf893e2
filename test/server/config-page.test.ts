/** The page of the reference server shows every key of the configuration file. */
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { configSchema } from '../../examples/server/config.schema.ts'
import { readText } from '../support/project.ts'

const page = readText('docs/guides/server.md')
const [, file = ''] = /```yaml\n(rtmp[\s\S]*?)```/.exec(page) ?? []

/** Paths of all keys of a schema, `[]` standing for the items of a list. */
function keysOf(schema: unknown, path: string): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return keysOf(schema.unwrap(), path)
  }
  if (schema instanceof z.ZodArray) return keysOf(schema.element, `${path}[]`)
  if (!(schema instanceof z.ZodObject)) return [path]
  return Object.entries(schema.shape).flatMap(([key, inner]) => keysOf(inner, `${path}.${key}`))
}

function keysIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((item) => keysIn(item, `${path}[]`))]
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => keysIn(inner, `${path}.${key}`))]
}

it('has every key', () => {
  const shown = new Set(keysIn(parse(file), ''))
  expect(keysOf(configSchema, '').filter((key) => !shown.has(key.replace(/\[\]$/, '')))).toEqual([])
})
