/**
 * Says at the start whether there is an ffmpeg for what needs one.
 *
 * @module
 */
import { findFfmpeg } from 'millrace/services/ffmpeg'
import type { VhostContext } from './capability.ts'

/** Whether `path` can be run; if not, the log says so, and what is off for want of it. */
export async function hasFfmpeg(
  path: string,
  section: string,
  { vhost, log }: VhostContext,
): Promise<boolean> {
  try {
    const { version } = await findFfmpeg(path)
    log.event('ffmpeg', { vhost, section, path, version }, `${section}: ${path} ${version}`)
    return true
  } catch (error) {
    const { message } = error as Error
    log.event('ffmpeg-missing', { vhost, section, path, error: message }, `${section} is off: ${message}`)
    return false
  }
}
