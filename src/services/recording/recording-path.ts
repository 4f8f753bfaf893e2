/**
 * Paths of recordings: templates with the variables of SRS, and names of peers made harmless.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { splitStreamPath } from '../../hub/index.ts'

/** What the file of a recording is: FLV tags, or MP4. */
export type RecordingFormat = 'flv' | 'mp4'

/** What the variables of a path stand for. */
export interface RecordingPathInfo {
  /** `[vhost]` */
  readonly vhost: string
  /** `/app/name`: the part before the last slash is `[app]`, the part after it `[stream]`. */
  readonly streamPath: string
  /** Start of the file in ms since 1970, for the variables of time. */
  readonly startedAtMs: number
}

/** What is appended to a template that names a folder, as SRS does. */
const DEFAULT_NAME = '/[stream].[timestamp].flv'

/**
 * Longest part between two slashes, in bytes of UTF-8. File systems allow 255; a store's number and temporary
 * suffix need some of them.
 */
const MAX_PART_BYTES = 200

/** Folders that the name of an app may make; what is deeper goes into the name of the last one. */
const MAX_APP_FOLDERS = 8

/** Variables of time, with the names that fields have in layouts of the Go language. */
const TIME_VARIABLES: Readonly<Record<string, (date: Date) => string>> = {
  timestamp: (date) => String(date.getTime()),
  '2006': (date) => digits(date.getFullYear(), 4),
  '01': (date) => digits(date.getMonth() + 1, 2),
  '02': (date) => digits(date.getDate(), 2),
  '15': (date) => digits(date.getHours(), 2),
  '04': (date) => digits(date.getMinutes(), 2),
  '05': (date) => digits(date.getSeconds(), 2),
  '999': (date) => digits(date.getMilliseconds(), 3),
}

/**
 * Separators, wildcards, control characters, and those that are not seen or turn the order of letters around.
 */
const UNSAFE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f"%*/:<>?[\\\]|\u007f-\u009f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g

/** Devices of Windows, with any extension. */
const DEVICE = /^(?:aux|con|nul|prn|(?:com|lpt)\d)(?=\.|$)/i

const VARIABLES = ['vhost', 'app', 'stream', ...Object.keys(TIME_VARIABLES)]

/**
 * A template of paths inside a store, such as `[app]/[stream].[timestamp].flv`. Names of streams are what
 * publishers say: whatever it is, a path stays where the template leads, and different names have different
 * paths.
 *
 * Variables: `[vhost]`, `[app]`, `[stream]`, `[timestamp]` (ms since 1970), and in the time zone of the
 * process `[2006]` year, `[01]` month, `[02]` day, `[15]` hour, `[04]` minute, `[05]` second, `[999]`
 * millisecond.
 */
export class RecordingPath {
  /** By the extension, `.flv` or `.mp4`. */
  readonly format: RecordingFormat
  readonly #template: string

  /**
   * @param template - relative, with forward slashes. Without an extension it names a folder and gets
   *   `/[stream].[timestamp].flv`.
   * @param format - replaces the extension. @defaultValue what the extension says
   * @throws TypeError for an unknown variable, another extension, an absolute path, and one with empty, `.`
   *   or `..` parts.
   */
  constructor(template: string, format?: RecordingFormat) {
    const path = /\.[^./\]]*$/.test(template) ? template : template.replace(/\/$/, '') + DEFAULT_NAME
    const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
    if (extension !== 'flv' && extension !== 'mp4') {
      throw new TypeError(`a recording path must end in .flv or .mp4: ${template}`)
    }
    for (const [variable, name] of path.matchAll(/\[([^\]]*)\]?/g)) {
      if (VARIABLES.includes(name!) && variable.endsWith(']')) continue
      const known = VARIABLES.map((one) => `[${one}]`).join(' ')
      throw new TypeError(`${variable} is not a variable of recording paths; known are ${known}`)
    }
    // eslint-disable-next-line no-control-regex
    if (/[\\\u0000-\u001f]|^[A-Za-z]:/.test(path) || path.split('/').some((part) => /^\.{0,2}$/.test(part))) {
      throw new TypeError(`a recording path must be relative and lead down: ${template}`)
    }
    this.format = format ?? extension
    this.#template = format === undefined ? path : path.replace(/\w+$/, format)
  }

  /** The path of one file: relative, with forward slashes. */
  expand(facts: RecordingPathInfo): string {
    const { vhost, streamPath, startedAtMs } = facts
    const { app, streamName } = splitStreamPath(streamPath)
    const date = new Date(startedAtMs)
    const path = this.#template.replaceAll(/\[(\w+)\]/g, (_, name: string) => {
      if (name === 'vhost') return safeName(vhost)
      if (name === 'app') return safeFolders(app)
      if (name === 'stream') return safeName(streamName)
      return TIME_VARIABLES[name]!(date)
    })
    return path.split('/').map(shortPart).join('/')
  }
}

function safeFolders(app: string): string {
  const folders = app.split('/')
  const deepest = folders.slice(MAX_APP_FOLDERS - 1).join('/')
  return [...folders.slice(0, MAX_APP_FOLDERS - 1), deepest].slice(0, folders.length).map(safeName).join('/')
}

/**
 * A name without what would leave its folder, hide a file (a dot in front), or be refused or changed by one
 * of the usual file systems (Windows drops dots and spaces at the end). `%` is escaped too, so that no name
 * looks like another one escaped.
 */
function safeName(name: string): string {
  if (name === '') return '%'
  return name
    .replaceAll(UNSAFE, escaped)
    .replaceAll(/^\.|[. ]$/g, escaped)
    .replace(DEVICE, (device) => escaped(device[0]!) + device.slice(1))
}

function escaped(character: string): string {
  return Array.from(
    new TextEncoder().encode(character),
    (byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`,
  ).join('')
}

/**
 * A part that is too long keeps its beginning and its extension, and is made unique by a digest of all of it.
 */
function shortPart(part: string): string {
  if (Buffer.byteLength(part) <= MAX_PART_BYTES) return part
  const extension = /\.(?:flv|mp4)$/i.exec(part)?.[0] ?? ''
  const digest = createHash('sha256').update(part).digest('hex').slice(0, 16)
  const room = MAX_PART_BYTES - 1 - digest.length - extension.length
  // A character that is cut in two comes out as one that stands for none.
  const start = Buffer.from(part)
    .subarray(0, room)
    .toString()
    .replace(/\ufffd$/, '')
  return `${start}~${digest}${extension}`
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0')
}
