/**
 * The client that proxies speak for: `X-Forwarded-For`, `X-Real-IP`, `X-Forwarded-Proto` and `Forwarded` (RFC 7239).
 *
 * @module
 */
import { plainAddress } from '../net/index.ts'

/** Where the address of a client is taken from. */
export interface TrustProxyOptions {
  /**
   * How many proxies stand in front of this server, `true` for one: each adds the address it was asked from at the end of
   * `X-Forwarded-For`, so the client's is that many from the end, and nothing that a client writes into the header itself
   * counts. Without that header `X-Real-IP` is believed, without both `Forwarded`; `X-Forwarded-Proto` too. Only behind proxies that set
   * them, or anyone can pretend to be anywhere: a proxy that sets one of them has to remove those before it in this order. Ports,
   * brackets and quotes are left out, and an address has one spelling. @defaultValue false
   */
  readonly trustProxy?: boolean | number | undefined
}

/** Who asks, and how. */
export interface ForwardedClient {
  /** Address of the client, in the spelling of {@link plainAddress}. */
  readonly remoteAddress: string
  /** Whether it came over TLS. */
  readonly secure: boolean
}

/** The client behind `proxies`. @param connected - who is connected. */
export function forwardedClient(
  header: (name: string) => string | undefined,
  trustProxy: boolean | number,
  connected: ForwardedClient,
): ForwardedClient {
  const { remoteAddress, secure } = connected
  const proxies = Number(trustProxy)
  if (proxies === 0) return { remoteAddress: plainAddress(remoteAddress), secure }
  const entry = (name: string): string => fromEnd(header(name) ?? '', proxies)
  const forwarded = entry('forwarded')
  const address = entry('x-forwarded-for') || header('x-real-ip') || parameterOf(forwarded, 'for')
  const proto = entry('x-forwarded-proto') || parameterOf(forwarded, 'proto')
  return { remoteAddress: plainAddress(address || remoteAddress), secure: secure || proto === 'https' }
}

/**
 * The entry of a list header that the outermost of so many proxies wrote; the first one if there are fewer. Read from the end: what a client
 * put in front of it, a lone quote for instance, changes nothing.
 */
function fromEnd(list: string, proxies: number): string {
  let isQuoted = false
  let left = proxies
  let end = list.length
  for (let i = list.length - 1; i >= 0; i--) {
    if (list[i] === '"') isQuoted = !isQuoted
    if (list[i] !== ',' || isQuoted) continue
    left--
    if (left === 0) return list.slice(i + 1, end).trim()
    end = i
  }
  return list.slice(0, end).trim()
}

/** The value of a parameter of one element: `for=192.0.2.7;proto=https`. RFC 7239 §4. */
function parameterOf(element: string, name: string): string {
  for (const pair of element.split(';')) {
    const equals = pair.indexOf('=')
    if (pair.slice(0, equals).trim().toLowerCase() === name) {
      return pair
        .slice(equals + 1)
        .trim()
        .replace(/^"([^"]*)"$/, '$1')
        .toLowerCase()
    }
  }
  return ''
}
