/**
 * Bandwidth checks: {@link BandwidthHandler} measures a client's connection over HTTP, {@link RtmpBandwidthCheck} is the check of
 * SRS 1 to 4 over RTMP.
 *
 * @module services/bandwidth
 * @group Services
 */
export {
  BandwidthHandler,
  type BandwidthHandlerOptions,
  type UploadMeasurement,
} from './bandwidth-handler.ts'
export { RtmpBandwidthCheck, type RtmpBandwidthCheckOptions } from './rtmp-bandwidth-check.ts'
