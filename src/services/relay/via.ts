/**
 * Who has passed a stream on, so that it does not come back for ever. The `Via` field of HTTP (RFC 9110 §7.6.3), also as a property of
 * RTMP's connect object, where servers keep what they do not know.
 *
 * @module
 */
import type { AccessRequest } from '../../hub/index.ts'

/** More are not read, and no more are told. */
const MAX_HOPS = 16

/** Longest text that is read. */
const MAX_VIA_LENGTH = 1_024

const OURS = /^\S+ millrace-(\w+)$/

/** The marks of those who passed on what `request` publishes or plays, the last one last; none for others than ours. */
export function viaOf(request: AccessRequest | undefined): string[] {
  const text = request?.details['via']
  if (typeof text !== 'string' || text.length > MAX_VIA_LENGTH) return []
  return text
    .split(',')
    .flatMap((hop) => OURS.exec(hop.trim())?.[1] ?? [])
    .slice(-MAX_HOPS)
}

/** The text for `marks`. */
export function formatVia(protocol: 'RTMP/1.0' | '1.1', marks: readonly string[]): string {
  return marks
    .slice(-MAX_HOPS)
    .map((mark) => `${protocol} millrace-${mark}`)
    .join(', ')
}
