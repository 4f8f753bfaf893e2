/**
 * The configuration file of the reference server: YAML or JSON, checked whole before anything starts.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { closest, distance } from 'fastest-levenshtein'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { type Config, configSchema, serverSections, vhostKeys } from './config.schema.ts'
import { withoutDefault } from './switchable.ts'
import { faultsOf } from './union-faults.ts'
import { vhostSections } from './vhost-sections.ts'

export type { Config } from './config.schema.ts'

/** A file that cannot be used, in words for its author. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads and checks a file.
 * @throws {@link ConfigError} that names every fault with its line and, for an unknown key, the nearest known one.
 */
export function loadConfig(path: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
  return parseConfig(text, path)
}

/** Like {@link loadConfig}, from text. */
export function parseConfig(text: string, name = 'config'): Config {
  const lines = new LineCounter()
  // JSON is YAML.
  const document = parseDocument(text, { lineCounter: lines })
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => `${name}: ${error.message}`).join('\n'))
  }
  const result = configSchema.safeParse(document.toJS() ?? {})
  if (result.success) return result.data
  const at = (path: readonly PropertyKey[]): string => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true) as
        | { range?: [number, number, number] }
        | undefined
      if (node?.range) return `${name}:${lines.linePos(node.range[0]).line}`
    }
    return name
  }
  const faults = result.error.issues.flatMap(faultsOf).flatMap((issue) => {
    const where = issue.path.join('.')
    if (issue.code !== 'unrecognized_keys')
      return [`${at(issue.path)}: ${where || 'the file'}: ${issue.message}`]
    return issue.keys.map((key) => {
      const nearest = nearestName(key, knownKeys(issue.path))
      const full = [...issue.path, key].join('.')
      return `${at([...issue.path, key])}: unknown key ${full}${nearest === undefined ? '' : `, did you mean ${nearest}?`}`
    })
  })
  throw new ConfigError(faults.join('\n'))
}

/** Keys that may stand at `path`. Those of a section are the same in a virtual host. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  const [first, name, ...below] = path
  if (first === 'vhosts' && name !== undefined) {
    return below.length === 0 ? Object.keys({ ...vhostKeys, ...vhostSections }) : knownKeys(below)
  }
  let forms = formsOf(z.object({ ...serverSections, ...vhostSections, vhosts: z.unknown() }))
  for (const part of path) {
    forms = forms.flatMap((form) => {
      if (form instanceof z.ZodArray) return formsOf(form.element as z.ZodType)
      const key =
        form instanceof z.ZodObject ? (form.shape as Record<string, z.ZodType>)[String(part)] : undefined
      return key === undefined ? [] : formsOf(key)
    })
  }
  return forms.flatMap((form) => (form instanceof z.ZodObject ? Object.keys(form.shape) : []))
}

/** The forms that a value may have. */
function formsOf(schema: z.ZodType): z.ZodType[] {
  const inner = withoutDefault(schema)
  return inner instanceof z.ZodUnion ? inner.options.flatMap((each) => formsOf(each as z.ZodType)) : [inner]
}

/** The known name with the fewest edits, if it is near enough to be meant. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const nearest = closest(name, known)
  return distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.ceil(name.length / 2)
    ? nearest
    : undefined
}
