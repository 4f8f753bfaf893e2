/**
 * The web page and the players it loads, from this machine alone.
 *
 * @module
 */
import { createReadStream, readdirSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'

const require = createRequire(import.meta.url)
const pageFolder = join(import.meta.dirname, 'page')

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Everything that is served, by its path: nothing else can be asked for. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['/', join(pageFolder, 'index.html')],
  ...readdirSync(pageFolder).map((name) => [`/page/${name}`, join(pageFolder, name)] as const),
  ['/page/hls.js', join(dirname(require.resolve('hls.js')), 'hls.min.js')],
  ['/page/mpegts.js', join(dirname(require.resolve('mpegts.js')), 'mpegts.js')],
])

/** Serves the page's files. @returns whether the request was for one of them. */
export function servePage(request: IncomingMessage, response: ServerResponse): boolean {
  const file = FILES.get((request.url ?? '/').split('?')[0]!)
  if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false
  response.writeHead(200, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Cache-Control': 'no-cache',
    'Content-Security-Policy':
      "default-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' ws: wss:",
    'X-Content-Type-Options': 'nosniff',
  })
  if (request.method === 'HEAD') response.end()
  else createReadStream(file).pipe(response)
  return true
}
