/**
 * {@link Heartbeat} notifies a backend at intervals that the server is there, in the words of SRS.
 *
 * @module services/heartbeat
 * @group Services
 */
export { Heartbeat, type HeartbeatEvents, type HeartbeatOptions } from './heartbeat.ts'
