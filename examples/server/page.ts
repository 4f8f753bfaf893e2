/**
 * The web page and the players it loads, from this machine alone.
 *
 * @module
 */
import { createReadStream, existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const pageFolder = join(import.meta.dirname, 'page')

const FILES: Readonly<Record<string, { readonly path: string; readonly type: string }>> = {
  '/': { path: join(pageFolder, 'index.html'), type: 'text/html; charset=utf-8' },
  '/page/app.js': { path: join(pageFolder, 'app.js'), type: 'text/javascript; charset=utf-8' },
  '/page/style.css': { path: join(pageFolder, 'style.css'), type: 'text/css; charset=utf-8' },
  '/page/icon.svg': { path: join(pageFolder, 'icon.svg'), type: 'image/svg+xml' },
  '/page/hls.js': { path: join(dirname(require.resolve('hls.js')), 'hls.min.js'), type: 'text/javascript' },
  '/page/mpegts.js': {
    path: join(dirname(require.resolve('mpegts.js')), 'mpegts.js'),
    type: 'text/javascript',
  },
}

/** Serves the page's files. @returns whether the request was for one of them. */
export function servePage(request: IncomingMessage, response: ServerResponse): boolean {
  const path = (request.url ?? '/').split('?')[0]!
  const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined
  if (
    file === undefined ||
    (request.method !== 'GET' && request.method !== 'HEAD') ||
    !existsSync(file.path)
  ) {
    return false
  }
  response.writeHead(200, {
    'Content-Type': file.type,
    'Cache-Control': 'no-cache',
    'Content-Security-Policy':
      "default-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' ws: wss:",
    'X-Content-Type-Options': 'nosniff',
  })
  if (request.method === 'HEAD') response.end()
  else createReadStream(file.path).pipe(response)
  return true
}
