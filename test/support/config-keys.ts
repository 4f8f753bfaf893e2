/** The keys of the reference server's configuration file, from its schema. */
import { z } from 'zod'
import { serverSections, vhostKeys } from '../../examples/server/config/config.schema.ts'
import { withoutDefault } from '../../examples/server/config/switchable.ts'
import { vhostSections } from '../../examples/server/config/vhost-sections.ts'

/** What a JSON Schema says of one value, as far as it is used here. */
interface ValueSchema {
  readonly type?: string
  readonly description?: string
  readonly reload?: string
  readonly default?: unknown
  readonly const?: boolean | number | string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly ValueSchema[]
  readonly items?: ValueSchema
  readonly additionalProperties?: ValueSchema | boolean
  readonly properties?: Readonly<Record<string, ValueSchema>>
  readonly required?: readonly string[]
  readonly format?: string
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
}

/** One key. */
export interface ConfigKey {
  /** Within its section: `limits.maxStreams`, `[].key` in a list. Empty for a section that is a value itself. */
  readonly path: string
  /** What may stand there, in words. */
  readonly type: string
  /** As it is written in the file; `undefined` for none. */
  readonly default: string | undefined
  readonly isRequired: boolean
  readonly description: string
}

/** A section, or a key at the top of the file. */
export interface ConfigSection {
  readonly name: string
  readonly description: string
  /** What a changed section does to a server that runs. */
  readonly reload: string
  readonly keys: readonly ConfigKey[]
}

const AT_START = 'Changes with the next start; the log says so'

/** Whether it is a value at the top of the file. */
function isValue({ keys }: ConfigSection): boolean {
  return keys.length === 1 && keys[0]!.path === ''
}

/** Everything that may stand in the file, in the order of its schema; the values at its top are the section `process`. */
export function configSections(): ConfigSection[] {
  const ofServer = Object.entries(serverSections).map(([name, schema]) => sectionOf(name, schema, AT_START))
  const ofVhosts = Object.entries(vhostSections).map(([name, schema]) => sectionOf(name, schema, ''))
  const vhosts = z
    .record(z.string(), z.object(vhostKeys))
    .describe('Virtual hosts by name. Each may have the sections above from `hub` on, too')
  const ofVhost = sectionOf(
    'vhosts',
    vhosts,
    'New ones become available, removed ones end with their streams, and others continue',
  )
  const values = ofServer.filter(isValue)
  const process: ConfigSection = {
    name: 'process',
    description: 'Values at the top of the file',
    reload: AT_START,
    keys: values.map(({ name, keys }) => ({ ...keys[0]!, path: name })),
  }
  return [process, ...ofServer.filter((section) => !isValue(section)), ...ofVhosts, ofVhost]
}

function sectionOf(name: string, schema: z.ZodType, reload: string): ConfigSection {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as ValueSchema
  const inner = z.toJSONSchema(withoutDefault(schema), { io: 'input', unrepresentable: 'any' }) as ValueSchema
  return {
    name,
    description: inner.description ?? json.description ?? '',
    reload: inner.reload ?? reload,
    keys: keysOf(isComposite(inner) ? inner : json, '', false),
  }
}

function keysOf(value: ValueSchema, path: string, isRequired: boolean): ConfigKey[] {
  const { properties, items, additionalProperties: map } = value
  if (properties !== undefined) {
    return Object.entries(properties).flatMap(([name, inner]) =>
      keysOf(inner, path === '' ? name : `${path}.${name}`, value.required?.includes(name) === true),
    )
  }
  if (items?.properties !== undefined) return keysOf(items, `${path}[]`, false)
  if (typeof map === 'object' && map.properties !== undefined) return keysOf(map, `${path}NAME`, false)
  const given = typeof value.default === 'string' ? value.default || "''" : JSON.stringify(value.default)
  return [{ path, type: typeOf(value), default: given, isRequired, description: value.description ?? '' }]
}

function isComposite({ properties, items, additionalProperties: map }: ValueSchema): boolean {
  return properties !== undefined || items?.properties !== undefined || typeof map === 'object'
}

function typeOf(value: ValueSchema): string {
  const { type, anyOf, items, properties, format, additionalProperties: map } = value
  if (anyOf !== undefined) return Array.from(new Set(anyOf.map(typeOf))).join(' or ')
  if (value.enum !== undefined) return value.enum.map((each) => `\`${String(each)}\``).join(' or ')
  if (value.const !== undefined) return `\`${String(value.const)}\``
  if (items !== undefined) return `list: ${typeOf(items)}`
  if (properties !== undefined) return `\`{ ${Object.keys(properties).join(', ')} }\``
  if (typeof map === 'object') return `map: name to ${typeOf(map)}`
  if (type === 'boolean') return '`true` or `false`'
  if (type === 'string') return format === 'uri' ? 'URL' : 'text'
  return `${type === 'integer' ? 'whole number' : type}${rangeOf(value)}`
}

function rangeOf({ type, minimum, exclusiveMinimum, maximum }: ValueSchema): string {
  const least = type === 'integer' && exclusiveMinimum !== undefined ? exclusiveMinimum + 1 : minimum
  if (least === undefined) return exclusiveMinimum === undefined ? '' : `, more than ${exclusiveMinimum}`
  const isBounded = maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER
  return isBounded ? `, ${least} to ${maximum}` : `, at least ${least}`
}
