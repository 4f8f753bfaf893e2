/**
 * Who may use the HTTP API, read the metrics, and reach what an application puts behind the same gate.
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type CorsOptions,
  type HttpReply,
  type HttpRequestFacts,
  nodeRequestFacts,
  sendReply,
  textReply,
} from '../../node/http/index.ts'

/** A bearer token: `Authorization: Bearer …`. */
export interface HttpToken {
  /** The token; whoever has it is let in. */
  readonly token: string
}

/** A name and a password: `Authorization: Basic …` (RFC 7617). */
export interface HttpPassword {
  /** The name; without a colon. */
  readonly username: string
  /** The password; may have colons. */
  readonly password: string
}

/**
 * Who is let in. Credentials, one or several of them; or `'loopback'`: whoever is on this machine, as far as the connection tells, and
 * nobody else; or `'none'`: everybody, for servers that check before.
 */
export type HttpAuthentication =
  | HttpToken
  | HttpPassword
  | readonly (HttpToken | HttpPassword)[]
  | 'loopback'
  | 'none'

/** What stands in the way of a request. */
export interface HttpRefusal {
  /** No or wrong credentials, or the wrong place. */
  readonly status: 401 | 403
  /** In words. */
  readonly reason: string
  /** Headers that belong to the answer. */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Checks requests. Secrets are kept as digests and compared in constant time.
 *
 * @example A handler of your own that asks for what the API asks for
 * ```ts
 * import { createServer } from 'node:http'
 * import { HttpGate } from 'millrace/services/authentication'
 *
 * const gate = new HttpGate({ token: process.env['API_TOKEN'] ?? 'a long random text' })
 * createServer((req, res) => {
 *   if (gate.refuse(req, res)) return
 *   res.end('for operators\n')
 * }).listen(1985)
 * ```
 */
export class HttpGate {
  readonly #open: 'loopback' | 'none' | undefined
  readonly #digests: readonly Buffer[]
  /** Value of `WWW-Authenticate`; `''` where no credentials are asked for. */
  readonly challenge: string

  /**
   * @param authentication - who is let in.
   * @throws TypeError for an empty secret, for a name with a colon, and for no credentials at all.
   */
  constructor(authentication: HttpAuthentication) {
    this.#open = typeof authentication === 'string' ? authentication : undefined
    const credentials = typeof authentication === 'string' ? [] : [authentication].flat()
    if (this.#open === undefined && credentials.length === 0)
      throw new TypeError('authentication: no credentials')
    this.#digests = credentials.map((credential) => digest(headerOf(credential)))
    const schemes = new Set(credentials.map((each) => ('token' in each ? 'Bearer' : 'Basic')))
    this.challenge = Array.from(schemes, (scheme) => `${scheme} realm="millrace", charset="UTF-8"`).join(', ')
  }

  /**
   * Answers a request that may not pass, with 401 or 403 and a line of text.
   * @returns whether it did; all others are still to be answered.
   */
  refuse(request: IncomingMessage, response: ServerResponse): boolean {
    const facts = nodeRequestFacts(request, {})
    const reply =
      facts === undefined ? textReply(400, 'bad path', { cors: false }) : this.reply(facts, { cors: false })
    if (reply === undefined) return false
    sendReply(response, reply, request.method ?? 'GET')
    return true
  }

  /** The answer to a request that may not pass. @internal */
  reply(facts: HttpRequestFacts, cors: CorsOptions): HttpReply | undefined {
    const refusal = this.check(facts)
    return refusal && textReply(refusal.status, refusal.reason, cors, refusal.headers)
  }

  /**
   * What stands in the way of the request, or `undefined`. `facts` must tell the address of the connection, not one that a header names.
   * @internal
   */
  check(facts: HttpRequestFacts): HttpRefusal | undefined {
    if (this.#open === 'none') return undefined
    if (this.#open === 'loopback') return isLocal(facts) ? undefined : NOT_LOCAL
    const given = digest(normalised(facts.header('authorization') ?? ''))
    let isKnown = false
    // All of them, whichever fits.
    for (const known of this.#digests) if (timingSafeEqual(given, known)) isKnown = true
    if (isKnown) return undefined
    const headers = { 'WWW-Authenticate': this.challenge }
    return { status: 401, reason: 'authentication required', headers }
  }
}

const NOT_LOCAL: HttpRefusal = { status: 403, reason: 'only available from localhost', headers: {} }

function headerOf(credential: HttpToken | HttpPassword): string {
  if ('token' in credential) {
    if (!/^[\x21-\x7e]+$/.test(credential.token))
      throw new TypeError('authentication: a token is visible ASCII')
    return `bearer ${credential.token}`
  }
  const { username, password } = credential
  if (username.includes(':') || password === '')
    throw new TypeError('authentication: a name without colon and a password')
  return `basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** The scheme in lower case: it is the same in any. */
function normalised(header: string): string {
  const blank = header.indexOf(' ')
  return blank < 0 ? header : `${header.slice(0, blank).toLowerCase()} ${header.slice(blank + 1).trim()}`
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/**
 * Whether the peer is on this machine and says so: a proxy on this machine may speak for anybody, and a page from elsewhere may have
 * a name of its own that leads to this address (DNS rebinding).
 */
function isLocal(facts: HttpRequestFacts): boolean {
  const proxied = ['forwarded', 'x-forwarded-for', 'x-real-ip'].some(
    (name) => facts.header(name) !== undefined,
  )
  const host = (facts.header('host') ?? '').replace(/:\d+$/, '')
  const isLocalName = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host)
  return !proxied && isLocalName && /^(127\.|::1$|::ffff:127\.)/.test(facts.remoteAddress)
}
