/**
 * {@link ServerIdentity} gives a server, its service run and its streams their ids, the same in callbacks, API and metrics.
 *
 * @module services/identity
 * @group Services
 */
export { ServerIdentity, type ServerIdentityOptions } from './server-identity.ts'
