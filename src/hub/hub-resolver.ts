/**
 * Which hub a request belongs to: a virtual host is a hub of its own.
 *
 * @module
 */
import type { AccessRequest, Hub } from './index.ts'

/** One hub for everything, or a function that picks it; `undefined` when there is no such virtual host. */
export type HubResolver = Hub | ((request: AccessRequest) => Hub | undefined)

/** The hub of `request`. */
export function resolveHub(resolver: HubResolver, request: AccessRequest): Hub | undefined {
  return typeof resolver === 'function' ? resolver(request) : resolver
}
