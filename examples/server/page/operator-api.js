// The HTTP API and the list of streams, as far as whoever looks at the page is let in.

/** Where credentials are kept: until the tab is closed, and for this origin alone. */
const STORED = 'millrace-authorization'

/** What stands between the operator and the API, by the status of its answer. */
const BARRIERS = {
  401: 'Sign in to operate',
  403: 'Operable only from localhost',
  404: 'The API is switched off',
}

const ASKING = 'Contacting the API…'

const API = '/api/v1'
const STATUS = '/page/status'

/** Credentials as an `Authorization` header; without a name it is a token. */
export function authorizationOf(name, secret) {
  if (name === '') return `Bearer ${secret}`
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${name}:${secret}`)))}`
}

/** Asks, and remembers whether it may. */
export class OperatorApi {
  #barrier
  /** Whether the list of streams is for operators, and this is none. */
  #isLocked

  constructor() {
    this.#barrier = ASKING
    this.#isLocked = false
  }

  /** Why nothing can be done here; `undefined` when it can. */
  get barrier() {
    return this.#barrier
  }

  /** Whether credentials would help. */
  get needsCredentials() {
    return this.#barrier === BARRIERS[401] || this.#isLocked
  }

  /** Whether the API has not said yet. */
  get isUnknown() {
    return this.#barrier === ASKING
  }

  get isSignedIn() {
    return sessionStorage.getItem(STORED) !== null
  }

  /** @returns whether the credentials are the right ones; they are kept then. */
  async signIn(authorization) {
    const hasApi = this.#barrier !== BARRIERS[404]
    const { status } = await this.#fetch(hasApi ? `${API}/versions` : STATUS, 'GET', authorization)
    if (status === 200) {
      sessionStorage.setItem(STORED, authorization)
      if (hasApi) this.#barrier = undefined
    }
    return status === 200
  }

  signOut() {
    sessionStorage.removeItem(STORED)
    this.#barrier = BARRIERS[401]
  }

  /** The streams and figures of the server, or `undefined` when they are not for whoever looks at the page. */
  async status() {
    const response = await this.#fetch(STATUS, 'GET', sessionStorage.getItem(STORED))
    this.#isLocked = response.status === 401
    if (response.status === 401 || response.status === 403) return undefined
    if (!response.ok) throw new Error(`the server answers ${response.status}`)
    return await response.json()
  }

  /** The answer. Throws with the words of the server when it is none. */
  async ask(path, method = 'GET', options) {
    const response = await this.#fetch(API + path, method, sessionStorage.getItem(STORED), options)
    if (path === '/versions' || response.status === 401 || response.status === 403) {
      this.#barrier = response.ok
        ? undefined
        : (BARRIERS[response.status] ?? `The API answers ${response.status}`)
    }
    const body = await response.json().catch(() => ({}))
    if (!response.ok || body.code !== 0) throw new Error(body.message ?? `the API answers ${response.status}`)
    return body
  }

  /**
   * `credentials: 'omit'`: the browser asks for no password of its own, and sends none that it knows. Nothing but the header lets anybody
   * in, which no page from elsewhere can send.
   */
  #fetch(path, method, authorization, options) {
    return fetch(path, {
      method,
      cache: 'no-store',
      credentials: 'omit',
      headers: {
        ...(authorization !== null && { Authorization: authorization }),
        ...(options !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(options !== undefined && { body: JSON.stringify(options) }),
    })
  }
}
