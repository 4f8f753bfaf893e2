/**
 * What the file says of each virtual host.
 *
 * @module
 */
import { join } from 'node:path'
import type { z } from 'zod'
import { withoutDefault } from './switchable.ts'
import { type VhostConfig, vhostSections } from './vhost-sections.ts'
import { DEFAULT_VHOST } from 'millrace/rtmp'

/** A virtual host with everything that it has from the top of the file. */
export interface NamedVhost {
  readonly name: string
  readonly aliases: readonly string[]
  readonly config: VhostConfig
}

/** Sections as they were written, and checked: `false` is off. */
type Written = Readonly<Record<string, unknown>>

/** Told of what is wrong with a virtual host once it has what the top of the file has. */
type OnFault = (path: readonly PropertyKey[], issue: z.core.$ZodIssue) => void

/** All virtual hosts, that of everybody else first. */
export function vhostsOf(
  top: Written,
  vhosts: Readonly<Record<string, Written>>,
  onFault: OnFault,
): NamedVhost[] {
  const named = Object.entries(vhosts).map(([name, { aliases = [], ...own }]): NamedVhost => {
    const config = resolve(inherit(top, own, name), (path, issue) =>
      onFault(['vhosts', name, ...path], issue),
    )
    return { name, aliases: aliases as readonly string[], config }
  })
  return [{ name: DEFAULT_VHOST, aliases: [], config: resolve(top, onFault) }, ...named]
}

/** A key that `own` leaves out is that of the top; what it sets to `false` is not there. */
function inherit(top: Written, own: Written, name: string): Written {
  const sections = Object.entries(vhostSections).map(([section, schema]) => {
    const [above, mine] = [top[section], own[section]]
    if (mine === undefined) return [section, section === 'hls' ? ownFolder(above, name) : above]
    if (!isObject(mine) || !isObject(above)) return [section, mine]
    const from = section === 'hls' ? (ownFolder(above, name) as object) : above
    return [section, mergeKeys(from, mine, withoutDefault(schema))]
  })
  return Object.fromEntries(sections) as Written
}

function mergeKeys(above: object, mine: object, schema: z.ZodType): Written {
  const keys = (schema as z.ZodObject).shape as Readonly<Record<string, z.ZodType>>
  const isOff = ([name, value]: [string, unknown]): boolean =>
    value === false && !withoutDefault(keys[name]!).safeParse(false).success
  return Object.fromEntries(Object.entries({ ...above, ...mine }).filter((entry) => !isOff(entry)))
}

/** Streams of two virtual hosts may have one path: each has a folder of its own in that of the top. */
function ownFolder(hls: unknown, name: string): unknown {
  const { directory, ...others } = isObject(hls) ? (hls as { directory?: string }) : {}
  return directory === undefined ? hls : { ...others, directory: join(directory, name) }
}

function resolve(written: Written, onFault: OnFault): VhostConfig {
  const sections = Object.entries(vhostSections).map(([name, schema]) => {
    const value = written[name]
    if (value === false) return [name, undefined]
    const result = schema.optional().safeParse(value)
    for (const issue of result.error?.issues ?? []) onFault([name, ...issue.path], issue)
    return [name, result.data]
  })
  return Object.fromEntries(sections) as VhostConfig
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
