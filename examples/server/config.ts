/**
 * The configuration file of the reference server: YAML or JSON, checked whole before anything starts.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { closest, distance } from 'fastest-levenshtein'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'

const port = z.number().int().min(0).max(65_535)
const ms = z.number().int().nonnegative()
const positiveMs = z.number().int().positive()

const tls = z.strictObject({
  /** PEM file with the certificate chain. */
  cert: z.string(),
  /** PEM file with the private key. */
  key: z.string(),
})

/** The file's shape. Every section and key may be left out. */
export const configSchema = z.strictObject({
  rtmp: z
    .strictObject({
      port: port.default(1935),
      host: z.string().optional(),
      tls: tls.optional(),
      proxyProtocol: z.boolean().default(false),
      maxConnections: z.number().int().positive().default(20_000),
    })
    .prefault({}),
  http: z
    .strictObject({
      port: port.default(8080),
      host: z.string().optional(),
      tls: tls.optional(),
      trustProxy: z.union([z.boolean(), z.number().int().positive()]).default(false),
      cors: z.union([z.string(), z.literal(false)]).default('*'),
    })
    .prefault({}),
  hub: z
    .strictObject({
      graceMs: ms.optional(),
      publisherWaitMs: ms.optional(),
      secondPublisher: z.enum(['refuse', 'take-over']).optional(),
      start: z.enum(['gop', 'keyframe']).optional(),
      gops: z.number().int().positive().optional(),
      maxLagMs: ms.optional(),
      minFlushIntervalMs: ms.optional(),
      maxCacheMs: ms.optional(),
      atc: z.boolean().optional(),
    })
    .prefault({}),
  hls: z
    .strictObject({
      mode: z.enum(['off', 'on-demand', 'always']).default('on-demand'),
      targetDurationMs: positiveMs.optional(),
      windowMs: positiveMs.optional(),
      directory: z.string().optional(),
    })
    .prefault({}),
  /** When given, only these may publish: each secret key is published under a public stream path. */
  publishKeys: z
    .array(
      z.strictObject({
        key: z.string().min(1),
        stream: z.string().regex(/^\/[^/]+(\/[^/]+)+$/, 'must look like /app/name'),
      }),
    )
    .optional(),
})

/** A checked configuration. */
export type Config = z.output<typeof configSchema>

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
  const faults = result.error.issues.flatMap((issue) => {
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

function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: z.ZodType | undefined = configSchema
  for (const part of path) {
    schema = unwrap(schema)
    if (schema instanceof z.ZodArray) schema = schema.element as z.ZodType
    else if (schema instanceof z.ZodObject) schema = (schema.shape as Record<string, z.ZodType>)[String(part)]
  }
  schema = unwrap(schema)
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    inner = inner.unwrap() as z.ZodType
  }
  return inner
}

/** The known name with the fewest edits, if it is near enough to be meant. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const nearest = closest(name, known)
  return distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.ceil(name.length / 2)
    ? nearest
    : undefined
}
