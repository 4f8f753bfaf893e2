/**
 * User and password for RTMP servers that ask for them: a dialogue in the reasons for which they reject `connect`, each answered by
 * another connection whose application has a query. Adobe's form, of Flash Media Server, Wowza and Akamai, and Limelight's, a digest as
 * in HTTP. In no specification; FFmpeg and librtmp speak both.
 *
 * @module
 */
import { createHash } from 'node:crypto'

/** Who connects. */
export interface RtmpCredentials {
  /** User name; `''`: nobody. */
  readonly username: string
  /** Password. */
  readonly password: string
}

/** Answers the challenges of one server: it says its name, then proves it, once. */
export class RtmpAuthentication {
  readonly #credentials: RtmpCredentials
  readonly #app: string
  readonly #nonce: string
  #step: 'unasked' | 'named' | 'answered'

  /**
   * @param app - application, without the query of an answer.
   * @param nonce - the client's part of the challenge, 8 hexadecimal digits by random.
   */
  constructor(credentials: RtmpCredentials, app: string, nonce: string) {
    this.#credentials = credentials
    this.#app = app
    this.#nonce = nonce
    this.#step = 'unasked'
  }

  /**
   * What to add to the application, for a server that rejects with `description`:
   * `[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] :` and then
   * `[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=u&salt=…&challenge=…&opaque=…`.
   *
   * @returns `undefined` when it asks for nothing that can be answered, or has the answer and does not take it.
   */
  answer(description: string): string | undefined {
    const { username } = this.#credentials
    const method = /authmod=(adobe|llnw)\b/.exec(description)?.[1]
    if (method === undefined || username === '' || this.#step === 'answered') return undefined
    if (description.includes('code=403 need auth')) {
      if (this.#step !== 'unasked') return undefined
      this.#step = 'named'
      return `authmod=${method}&user=${username}`
    }
    const question = /\?(reason=needauth&.*)$/s.exec(description.trim())?.[1]
    if (question === undefined) return undefined
    this.#step = 'answered'
    const given = fields(question)
    return method === 'adobe' ? this.#adobe(given) : this.#limelight(given)
  }

  #adobe(given: ReadonlyMap<string, string>): string {
    const { username, password } = this.#credentials
    const opaque = given.get('opaque') ?? ''
    const salted = md5(username + (given.get('salt') ?? '') + password, 'base64')
    const response = md5(salted + (opaque || (given.get('challenge') ?? '')) + this.#nonce, 'base64')
    const echo = opaque === '' ? '' : `&opaque=${opaque}`
    return `authmod=adobe&user=${username}&challenge=${this.#nonce}&response=${response}${echo}`
  }

  #limelight(given: ReadonlyMap<string, string>): string {
    const { username, password } = this.#credentials
    const nonce = given.get('nonce') ?? ''
    const path = this.#app.includes('/') ? this.#app : `${this.#app}/_definst_`
    const secret = md5(`${username}:live:${password}`, 'hex')
    const request = md5(`publish:/${path}`, 'hex')
    const response = md5(`${secret}:${nonce}:00000001:${this.#nonce}:auth:${request}`, 'hex')
    return `authmod=llnw&user=${username}&nonce=${nonce}&cnonce=${this.#nonce}&nc=00000001&response=${response}`
  }
}

/** The values are base64 and words, and stand there as they are: a `+` is no space. */
function fields(question: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const pair of question.split('&')) {
    const at = pair.indexOf('=')
    if (at > 0) found.set(pair.slice(0, at), pair.slice(at + 1))
  }
  return found
}

function md5(text: string, encoding: 'base64' | 'hex'): string {
  return createHash('md5').update(text).digest(encoding)
}
