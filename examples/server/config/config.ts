/**
 * The configuration file of the reference server: YAML or JSON, checked whole before anything starts.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { ConfigError } from './config-error.ts'
import { configFiles, mergedValue, placeOf } from './config-files.ts'
import { type Config, configSchema, serverSections, vhostKeys } from './config.schema.ts'
import { withoutDefault } from './switchable.ts'
import { faultsOf } from './union-faults.ts'
import { vhostSections } from './vhost-sections.ts'

export type { Config } from './config.schema.ts'
export { ConfigError } from './config-error.ts'

/**
 * Reads and checks a file.
 * @throws {@link ConfigError} that names every fault with its line and, for an unknown key, the nearest known one.
 */
export function loadConfig(path: string): Config {
  return parseConfig(readConfig(path), path)
}

/** Paths of the file at `path` and of all that it includes. @throws as {@link loadConfig}, but for what the files say. */
export function filesOf(path: string): string[] {
  return configFiles(readConfig(path), path).map(({ name }) => name)
}

/** Like {@link loadConfig}, from text; what it includes is relative to the folder of `name`. */
export function parseConfig(text: string, name = 'config'): Config {
  const files = configFiles(text, name)
  const result = configSchema.safeParse(mergedValue(files))
  if (result.success) return result.data
  const at = (path: readonly PropertyKey[]): string => placeOf(files, path)
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

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
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
