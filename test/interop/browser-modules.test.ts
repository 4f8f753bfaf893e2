import { createReadStream, readdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readClip } from '../support/clips.ts'
import { describeWithTool } from '../support/tools.ts'
import { launchChromium, type Page } from './peers/chromium.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const FOLDERS = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['node', 'packaging', 'services'].includes(entry.name))
  .map((entry) => entry.name)

// Source folders are modules of the page as they are in dist: no bundler, only a name for the one dependency.
const PAGE = `<!doctype html><script type="importmap">${JSON.stringify({
  imports: { eventemitter3: '/node_modules/eventemitter3/dist/eventemitter3.esm.js' },
})}</script>`

const WORK = '/portable-work.mjs'
const CLIP = 'avc-aac-bframes.flv'

function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    if (path === '/') {
      response.setHeader('content-type', 'text/html').end(PAGE)
    } else if (path === '/clip.flv') {
      response.end(readClip(CLIP))
    } else if (
      path === WORK ||
      path.startsWith('/dist/') ||
      path.startsWith('/node_modules/eventemitter3/')
    ) {
      response.setHeader('content-type', 'text/javascript')
      createReadStream(join(ROOT, path === WORK ? `test/interop${path}` : path))
        .on('error', () => response.writeHead(404).end())
        .pipe(response)
    } else response.writeHead(404).end()
  })
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => done(server))
  })
}

describeWithTool('chromium', 'the built portable folders, unbundled, in Chromium', () => {
  let server: Server
  let page: Page
  let closeBrowser: () => Promise<void>

  beforeAll(async () => {
    server = await serve()
    const browser = await launchChromium()
    closeBrowser = browser.close
    page = await browser.context.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  })
  afterAll(async () => {
    await closeBrowser()
    server.close()
  })

  it.each(FOLDERS)('%s exports what it exports in Node', async (folder) => {
    const here = (await import(join(ROOT, 'dist', folder, 'index.js'))) as object
    // As text: vitest rewrites an `import()` that it sees.
    const names = `import('/dist/${folder}/index.js').then((module) => Object.keys(module))`
    const there = await page.evaluate<string[]>(names)
    expect(there.toSorted()).toEqual(Object.keys(here).toSorted())
  })

  it('do the same work as in Node: FLV to a transport stream, through a hub', async () => {
    const { transportStreamDigest } = (await import(join(import.meta.dirname, 'portable-work.mjs'))) as {
      transportStreamDigest: (dist: string, bytes: Uint8Array) => Promise<number[]>
    }
    const here = await transportStreamDigest(pathToFileURL(join(ROOT, 'dist')).href, readClip(CLIP))
    const there = `Promise.all([import('/portable-work.mjs'), fetch('/clip.flv').then((r) => r.arrayBuffer())])
      .then(([work, clip]) => work.transportStreamDigest('/dist', new Uint8Array(clip)))`
    expect(await page.evaluate(there)).toEqual(here)
  })
})
