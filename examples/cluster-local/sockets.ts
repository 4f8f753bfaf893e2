/**
 * Where the workers find each other: a local socket for media and one for HTTP, named by the worker.
 *
 * @module
 */
import { join } from 'node:path'

/** Path of a worker's socket in `folder`. */
export function socketPath(folder: string, worker: number, kind: 'rtmp' | 'http'): string {
  const path = join(folder, `${worker}.${kind}`)
  return process.platform === 'win32' ? String.raw`\\.\pipe\${path}` : path
}
