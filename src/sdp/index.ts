/**
 * Session descriptions: what RTSP, WebRTC and SIP say of media before it flows.
 *
 * Read tolerantly, as cameras need it, and written as RFC 8866 asks for. What the formats of RTP in them mean is the business of
 * `millrace/rtp`.
 *
 * @example
 * ```ts
 * import { attributeOf, parseSdp } from 'millrace/sdp'
 *
 * const { media } = parseSdp('v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n')
 * console.log(media[0]?.type, media.map((section) => attributeOf(section, 'control'))) // audio [ 'trackID=1' ]
 * ```
 *
 * @module sdp
 * @group Protocols
 */
export {
  attributeOf,
  formatSdp,
  parseSdp,
  type ParseSdpOptions,
  type SdpAttribute,
  type SdpMedia,
  type SessionDescription,
} from './session-description.ts'
