/**
 * Commands with the names of streams in them. No shell sees a command, and what a peer named is made harmless for programs that take
 * arguments apart: it is no option, no path and no list.
 *
 * @module
 */
import { type Publisher, splitStreamPath } from '../../hub/index.ts'

/** What the variables of a command stand for. */
export type CommandInfo = Readonly<Record<Variable, string>>

const VARIABLES = [
  'vhost',
  'app',
  'stream',
  'param',
  'tcUrl',
  'url',
  'pageUrl',
  'swfUrl',
  'clientId',
  'ip',
] as const
type Variable = (typeof VARIABLES)[number]

/** Variables that are URLs or parts of them already. */
const URL_VARIABLES: ReadonlySet<string> = new Set(['param', 'tcUrl', 'url', 'pageUrl', 'swfUrl'])

/** What is to be said of a publisher. */
export function commandInfoOf(vhost: string, { streamPath, request }: Publisher): CommandInfo {
  const { app, streamName: stream } = splitStreamPath(streamPath)
  const tcUrl = request?.url ?? ''
  const swfUrl = request?.details['swfUrl']
  return {
    vhost,
    app,
    stream,
    param: request?.param ?? '',
    tcUrl,
    url: tcUrl === '' ? '' : `${tcUrl}/${stream}`,
    pageUrl: request?.pageUrl ?? '',
    swfUrl: typeof swfUrl === 'string' ? swfUrl : '',
    clientId: request?.clientId ?? '',
    ip: request?.remoteAddress ?? '',
  }
}

/** A program and its arguments. */
export class CommandTemplate {
  readonly #words: readonly string[]

  /**
   * @param words - the program, then its arguments, each with variables such as `[stream]`.
   * @throws TypeError for an unknown variable, and for a program that a peer could name.
   */
  constructor(words: readonly string[]) {
    for (const [i, word] of words.entries()) {
      for (const [variable, name] of word.matchAll(/\[(\w+)\]/g)) {
        if (i === 0) throw new TypeError(`the program must not come from ${variable}`)
        if (!(VARIABLES as readonly string[]).includes(name!)) {
          const known = VARIABLES.map((one) => `[${one}]`).join(' ')
          throw new TypeError(`${variable} is not a variable of commands; known are ${known}`)
        }
      }
    }
    this.#words = words
  }

  /** The program and its arguments for one publisher: as many as there are in the template, whatever the names are. */
  expand(facts: CommandInfo): { readonly command: string; readonly args: readonly string[] } {
    const [command, ...args] = this.#words.map((word) => expandWord(word, facts))
    return { command: command!, args }
  }
}

/** The facts as they are, for the environment of a program: `MILLRACE_STREAM` … */
export function environmentOf(facts: CommandInfo): Record<string, string> {
  const entries = VARIABLES.map((name): [string, string] => {
    const variable = name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    return [`MILLRACE_${variable}`, facts[name].replaceAll('\0', '')]
  })
  return Object.fromEntries(entries)
}

function expandWord(word: string, facts: CommandInfo): string {
  const expanded = word.replaceAll(/\[(\w+)\]/g, (_, name: Variable) =>
    URL_VARIABLES.has(name)
      ? safeUrl(facts[name])
      : facts[name]
          .split('/')
          .map(safeName)
          .join(name === 'app' ? '/' : '%2F'),
  )
  // An option is what the template says, never what a peer says.
  return expanded.startsWith('-') && !word.startsWith('-') ? `%2D${expanded.slice(1)}` : expanded
}

/** Letters, digits and `_ - . ~`; no dots alone. Everything else as in a URL. */
function safeName(name: string): string {
  // A half of a surrogate pair has no UTF-8.
  const encoded = encodeURIComponent(Buffer.from(name).toString()).replaceAll(/[!'()*]/g, percent)
  return /^\.{1,2}$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded
}

function safeUrl(text: string): string {
  return Buffer.from(text)
    .toString()
    .replaceAll(/[^\u0021-\u007e]|["'<>\\^`{|}]/gu, percent)
}

function percent(character: string): string {
  const bytes = new TextEncoder().encode(character)
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
