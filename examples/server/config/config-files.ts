/**
 * A configuration file and those that it includes.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { ConfigError } from './config-error.ts'

/** One file. */
export interface ConfigFile {
  /** As it was named, for messages. */
  readonly name: string
  readonly document: Document
  readonly lines: LineCounter
  /** What it says, without `include`. */
  readonly value: unknown
}

/**
 * A file and all that it includes, the one that counts first: a file before what it includes, of several that are included the last first.
 * @param name - path of the file; what it includes is relative to its folder.
 * @param within - the files that include it, with their full paths.
 * @throws {@link ConfigError}
 */
export function configFiles(text: string, name: string, within: readonly string[] = []): ConfigFile[] {
  const lines = new LineCounter()
  // JSON is YAML.
  const document = parseDocument(text, { lineCounter: lines })
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => `${name}: ${error.message}`).join('\n'))
  }
  const whole: unknown = document.toJS() ?? {}
  if (!isMapping(whole)) {
    if (within.length > 0) throw new ConfigError(`${name}: the file: must have keys and values`)
    return [{ name, document, lines, value: whole }]
  }
  const { include = [], ...value } = whole
  const file: ConfigFile = { name, document, lines, value }
  const chain = [...within, resolve(name)]
  const fail = (reason: string): never => {
    throw new ConfigError(`${placeOf([file], ['include'])}: include: ${reason}`)
  }
  const names: unknown[] = Array.isArray(include) ? include : [include]
  const included = names.map((each) => {
    if (typeof each !== 'string' || each === '') return fail('must be a file or a list of files')
    const path = resolve(dirname(name), each)
    if (chain.includes(path)) fail(`${each} includes itself`)
    let content: string
    try {
      content = readFileSync(path, 'utf8')
    } catch (error) {
      return fail(`cannot read ${each}: ${(error as Error).message}`)
    }
    return configFiles(content, path, chain)
  })
  return [file, ...included.toReversed().flat()]
}

/** What all of them say: mappings key by key; of everything else the first counts. */
export function mergedValue(files: readonly ConfigFile[]): unknown {
  return files.map(({ value }) => value).reduceRight(merge)
}

/** File and line of what stands at `path`, or of what is nearest above it. */
export function placeOf(files: readonly ConfigFile[], path: readonly PropertyKey[]): string {
  for (let depth = path.length; depth > 0; depth--) {
    for (const { name, document, lines } of files) {
      const node = document.getIn(path.slice(0, depth), true) as
        | { range?: [number, number, number] }
        | undefined
      if (node?.range) return `${name}:${lines.linePos(node.range[0]).line}`
    }
  }
  return files[0]!.name
}

function merge(below: unknown, above: unknown): unknown {
  if (!isMapping(below) || !isMapping(above)) return above
  const kept = Object.entries(below).filter(([key]) => !Object.hasOwn(above, key))
  const own = Object.entries(above).map(([key, value]) => [
    key,
    Object.hasOwn(below, key) ? merge(below[key], value) : value,
  ])
  return Object.fromEntries([...kept, ...own]) as unknown
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
