/** The page of the reference server in the hands of an operator. */
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { demuxFlv } from 'millrace/flv'
import { inRealTime, RtmpClient } from 'millrace/node'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { readClip } from '../support/clips.ts'
import { configFile, type ReferenceServer, startReferenceServer } from '../support/reference-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithTool } from '../support/tools.ts'
import { type BrowserContext, launchChromium, type Page } from './peers/chromium.ts'

/** What the page and its server do to each other within a poll or two. */
const SOON = { timeout: 8_000, interval: 100 }

describeWithTool('chromium', 'the page in Chromium, operated', () => {
  let context: BrowserContext
  let closeBrowser: () => Promise<void>

  beforeAll(async () => {
    ;({ context, close: closeBrowser } = await launchChromium())
  })
  afterAll(() => closeBrowser())

  async function open(url: string): Promise<{ page: Page; faults: string[] }> {
    const page = await context.newPage()
    onTestFinished(() => page.close())
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    await page.goto(url)
    return { page, faults }
  }

  /** A card with its clients and services open. */
  async function openOperations(page: Page, path: string): Promise<ReturnType<Page['locator']>> {
    const card = page.locator(`[data-path="${path}"]`)
    await card.locator('.operate summary').click(SOON)
    return card
  }

  async function viewer(
    server: ReferenceServer,
    path: string,
  ): Promise<{ readonly ended: Promise<unknown> }> {
    const leave = new AbortController()
    onTestFinished(() => leave.abort())
    const response = await fetch(`${server.http}${path}`, { signal: leave.signal })
    return { ended: response.arrayBuffer().catch(() => undefined) }
  }

  it('shows who is there with lag and skips, and kicks a player and the publisher', async () => {
    const server = await startReferenceServer('--demo')
    const player = await viewer(server, '/live/demo.flv')
    const { page, faults } = await open(server.http)
    const card = await openOperations(page, '/live/demo')
    const row = card.locator('.clients .row', { hasText: 'Player · http-flv' })
    await vi.waitFor(async () => expect(await row.innerText()).toMatch(/Lag\s*\d+ ms\s*Skips\s*0/), SOON)
    expect(await row.innerText()).toContain('127.0.0.1')
    await row.locator('button').click()
    expect(await row.locator('button').innerText()).toBe('Sure?')
    await row.locator('button').click()
    await player.ended
    await row.waitFor({ state: 'detached', timeout: 8_000 })
    const publisher = card.locator('.clients .row', { hasText: 'Publisher' })
    const key = await publisher.getAttribute('data-key')
    await publisher.locator('button').click()
    await publisher.locator('button').click()
    // The demo comes again, as another client.
    await vi.waitFor(async () => {
      const next = await publisher.getAttribute('data-key')
      expect(next).not.toBe(key)
    }, SOON)
    expect(faults).toEqual([])
  })

  it('says why a client was turned away, without its stream key', async () => {
    const config = await configFile('publishKeys: [{ key: k-1, stream: /live/show }]\n')
    const server = await startReferenceServer('--config', config)
    await expect(RtmpClient.publish(`${server.rtmp}/live/s3cret`)).rejects.toThrow('unknown stream key')
    await expect(RtmpClient.publish(`${server.rtmp}/live/s3cret`)).rejects.toThrow('unknown stream key')
    const { page } = await open(server.http)
    const row = page.locator('#refusals-list .row')
    await row.waitFor()
    const shown = (await row.innerText()).replaceAll(/\s+/g, ' ')
    expect(shown).toMatch(/^unknown stream key publish \/live\/… · rtmp · 127\.0\.0\.1 · \S.* Times 2$/)
    expect(await page.content()).not.toContain('s3cret')
  })

  it('starts and stops a service on a stream, shows how it goes, and says why it does not', async () => {
    const directory = await tempFolder()
    const config = await configFile(`record: { directory: ${directory}, start: on-demand }\n`)
    const server = await startReferenceServer('--demo', '--config', config)
    const { page, faults } = await open(server.http)
    const card = await openOperations(page, '/live/demo')
    const row = card.locator('.services .row[data-key=record]')
    await row.locator('button').click(SOON)
    await vi.waitFor(
      async () => expect(await row.innerText()).toMatch(/recording[\s\S]*bytes\s*[1-9]\d{3}/i),
      SOON,
    )
    const [file] = /live\/demo\.\d+\.flv/.exec(await row.innerText())!
    await row.locator('button').click()
    await row.locator('button').click()
    await vi.waitFor(async () => expect(await row.locator('button').innerText()).toBe('Start'), SOON)
    expect((await readFile(join(directory, file))).subarray(0, 3).toString()).toBe('FLV')
    // Asked where to: an answer that is no target, then one that is.
    const forward = card.locator('.services .row[data-key=forward]')
    page.once('dialog', (dialog) => void dialog.accept('http://host/s3cret'))
    await forward.locator('button').click()
    await page.locator('#fault').waitFor(SOON)
    expect(await page.locator('#fault').innerText()).toMatch(/^forward: .*not an RTMP URL/)
    page.once('dialog', (dialog) => void dialog.accept(`${server.rtmp}/live/s3cret`))
    await forward.locator('button').click()
    await vi.waitFor(
      async () => expect(await forward.innerText()).toMatch(/State\s+connected, \d+ ms/i),
      SOON,
    )
    expect(await forward.innerText()).not.toContain('s3cret')
    expect(await forward.locator('button').innerText()).toBe('Stop')
    expect(await page.locator('#fault').isHidden()).toBe(true)
    expect(faults).toEqual([])
  })

  it('reads the configuration again, and says what is wrong with it', async () => {
    const config = await configFile('hub: { gops: 1 }\n')
    const server = await startReferenceServer('--config', config)
    const { page } = await open(server.http)
    await page.locator('#reload').click(SOON)
    await vi.waitFor(
      async () => expect(await page.locator('#reload-result').innerText()).toBe('Reloaded.'),
      SOON,
    )
    await writeFile(config, 'hubb: {}\n')
    await page.locator('#reload').click()
    await vi.waitFor(
      async () =>
        expect(await page.locator('#reload-result').innerText()).toContain(
          'unknown key hubb, did you mean hub?',
        ),
      SOON,
    )
  })

  it('asks for the credentials of the API, keeps them for the tab, and forgets them', async () => {
    const config = await configFile(
      'api: { authentication: [{ token: t0ken }, { username: jürgen, password: "pass:word" }] }\n',
    )
    const server = await startReferenceServer('--demo', '--config', config)
    const { page, faults } = await open(server.http)
    const state = page.locator('#operator-state')
    await vi.waitFor(async () => expect(await state.innerText()).toBe('Sign in to operate'), SOON)
    // What there is to see is for operators, too.
    await page.locator('#locked').waitFor(SOON)
    expect(await page.locator('body').innerText()).not.toContain('demo')
    const operate = page.locator('[data-path="/live/demo"] .operate')
    for (const hidden of [operate, page.locator('#server'), page.locator('#publish')])
      expect(await hidden.isVisible()).toBe(false)

    const signIn = async (name: string, secret: string): Promise<void> => {
      await page.locator('#sign-in').click()
      await page.locator('#sign-in-name').fill(name)
      await page.locator('#sign-in-secret').fill(secret)
      await page.locator('#sign-in-form button[type=submit]').click()
    }
    await signIn('', 'guess')
    await page.locator('#sign-in-fault').waitFor()
    await page.locator('#sign-in-cancel').click()
    await signIn('jürgen', 'pass:word')
    await operate.waitFor(SOON)
    expect(await page.locator('#locked').isVisible()).toBe(false)
    await page.reload()
    await operate.waitFor(SOON)
    await openOperations(page, '/live/demo')
    await page.locator('.clients .row').first().waitFor(SOON)
    await page.locator('#sign-out').click()
    await vi.waitFor(async () => expect(await state.innerText()).toBe('Sign in to operate'), SOON)
    expect(await operate.isVisible()).toBe(false)
    await signIn('', 't0ken')
    await operate.waitFor(SOON)
    expect(faults).toEqual([])
  })

  it('is not operated by a page from elsewhere', async () => {
    const server = await startReferenceServer('--demo')
    await server.process.waitForOutput(/publish \/live\/demo/)
    const { clients } = (await (await fetch(`${server.http}/api/v1/clients`)).json()) as {
      clients: { id: string }[]
    }
    const other = createServer((_, response) =>
      response.setHeader('Content-Type', 'text/html').end('<title>other</title>'),
    )
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { page } = await open(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
    const attack = await page.evaluate<string[]>(`(async () => {
      const said = []
      const api = '${server.http}/api/v1'
      for (const [path, method] of [['/clients/${clients[0]!.id}', 'DELETE'], ['/raw?rpc=reload', 'GET'], ['/clients', 'GET']]) {
        said.push(await fetch(api + path, { method, credentials: 'include' }).then((r) => r.text(), () => 'nothing'))
      }
      await fetch(api + '/raw?rpc=reload', { mode: 'no-cors' })
      return said
    })()`)
    expect(attack).toEqual(['nothing', 'nothing', 'nothing'])
    const after = (await (await fetch(`${server.http}/api/v1/clients`)).json()) as {
      clients: { id: string }[]
    }
    expect(after.clients.map(({ id }) => id)).toEqual(clients.map(({ id }) => id))
    expect((await server.process.stop()).stdout.toString()).not.toContain('reload')
  })

  it('serves virtual hosts by name: lists and plays their streams, and lets nobody operate through a foreign name', async () => {
    const config = await configFile('vhosts: { a.localhost: {}, b.localhost: {} }\n')
    const server = await startReferenceServer('--demo', '--config', config)
    const publisher = await RtmpClient.publish(`${server.rtmp}/live/show?vhost=a.localhost`)
    const stop = new AbortController()
    onTestFinished(async () => {
      stop.abort()
      await publisher.close()
    })
    const packets = demuxFlv(readClip('avc-aac-bframes.flv'))
    void publisher.send(inRealTime(packets, { loop: true, signal: stop.signal })).catch(() => undefined)
    const named = server.http.replace('127.0.0.1', 'a.localhost')
    const { page, faults } = await open(named)
    const card = page.locator('[data-path="/live/show?vhost=a.localhost"]')
    await card.waitFor()
    expect(await page.locator('#operator-state').innerText()).toBe('Operable only from localhost')
    await card.locator('summary').first().click()
    expect(await card.locator('code').nth(1).innerText()).toBe(`${named}/live/show.flv?vhost=a.localhost`)
    for (const protocol of ['flv', 'hls']) {
      await card.locator(`[data-play=${protocol}]`).click()
      await vi.waitFor(
        async () =>
          expect(await page.evaluate<number>(`document.querySelector('video').currentTime`)).toBeGreaterThan(
            1,
          ),
        { timeout: 20_000, interval: 200 },
      )
      await page.locator('#stop').click()
    }
    // By the name of the host alone, as a player of one's own would ask.
    const answers = await page.evaluate<number[]>(`Promise.all(['a', 'b'].map(async (name) => {
      const response = await fetch('/live/show.m3u8' + (name === 'a' ? '' : '?vhost=b.localhost'))
      return response.status
    }))`)
    expect(answers).toEqual([200, 404])
    expect(faults).toEqual([])
  })
})
