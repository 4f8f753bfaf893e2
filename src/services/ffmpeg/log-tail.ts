/**
 * The last lines of what a program said, fit to be shown: bounded, and without passwords.
 *
 * @module
 */

const MASK = '***'

/** Lines that are kept. */
const MAX_LINES = 20

/** Characters of one line. */
const MAX_LINE_LENGTH = 500

/**
 * Characters of a line that are looked at: what is masked gets shorter, and looking for URLs takes the square
 * of the length.
 */
const MAX_READ_LENGTH = 4 * MAX_LINE_LENGTH

/** Keeps the last 20 lines, of 500 characters each. */
export class LogTail {
  readonly #secrets: readonly string[]
  #lines: string[]
  #rest: string

  /** @param secrets - texts that become `***` wherever they appear. */
  constructor(secrets: readonly string[] = []) {
    // The longest first: a part of it may be a secret as well.
    this.#secrets = secrets.filter((secret) => secret !== '').toSorted((a, b) => b.length - a.length)
    this.#lines = []
    this.#rest = ''
  }

  /** The lines, oldest first; the last one may be unfinished. */
  get lines(): readonly string[] {
    return this.#rest.trim() === ''
      ? this.#lines
      : [...this.#lines, this.#shown(this.#rest)].slice(-MAX_LINES)
  }

  /** Takes text as it comes, in any pieces. */
  push(text: string): void {
    const parts = (this.#rest + text).split(/[\r\n]+/)
    // A line without end is cut, or it would grow without end.
    this.#rest = parts.pop()!.slice(0, MAX_READ_LENGTH)
    for (const part of parts) if (part.trim() !== '') this.#lines.push(this.#shown(part))
    if (this.#lines.length > MAX_LINES) this.#lines = this.#lines.slice(-MAX_LINES)
  }

  #shown(line: string): string {
    let shown = line.slice(0, MAX_READ_LENGTH)
    for (const secret of this.#secrets) shown = shown.replaceAll(secret, MASK)
    return maskUrls(shown).slice(0, MAX_LINE_LENGTH)
  }
}

/** `text` with user, password and query values of the URLs in it as `***`. */
export function maskUrls(text: string): string {
  return text
    .replaceAll(/([a-z][\w+.-]*:\/\/)[^/\s'"@]+@/gi, `$1${MASK}@`)
    .replaceAll(/([?&][^\s=&'"]+=)[^\s&'"]+/g, `$1${MASK}`)
}

/** What is secret in `url`: user, password and the values of its query, as they are and decoded. */
export function secretsOf(url: string): string[] {
  const authority = /^[a-z][\w+.-]*:\/\/([^/@]+)@/i.exec(url)?.[1] ?? ''
  const query = /\?([^#]*)/.exec(url)?.[1] ?? ''
  const values = query.split('&').map((pair) => pair.slice(pair.indexOf('=') + 1))
  // Short ones would hide every letter of other words.
  const secrets = [...authority.split(':').slice(1), ...values].filter((value) => value.length >= 4)
  return secrets.flatMap((secret) => [secret, decoded(secret)])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
