/**
 * {@link HttpGate} decides who may call HTTP handlers meant for operators, such as the API and the metrics: by address, token or password.
 *
 * @module services/authentication
 * @group Services
 */
export { type HttpAuthentication, HttpGate, type HttpPassword, type HttpToken } from './http-gate.ts'
