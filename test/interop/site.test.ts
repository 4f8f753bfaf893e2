/** The site of `npm run docs` on a phone. */
import { rm, mkdtemp } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../support/process.ts'
import { ROOT } from '../support/project.ts'
import { describeWithTool } from '../support/tools.ts'
import { launchChromium, type Page } from './peers/chromium.ts'

/** CSS pixels of a usual phone, upright. */
const PHONE = { width: 390, height: 844 }

describeWithTool('chromium', 'the site, 390 pixels wide', () => {
  let site: string
  let page: Page
  let closeBrowser: () => Promise<void>

  beforeAll(async () => {
    site = await mkdtemp(join(tmpdir(), 'millrace-site-'))
    const typedoc = join(ROOT, 'node_modules/typedoc/bin/typedoc')
    const { code, stderr } = await run(process.execPath, [typedoc, '--out', site], {
      cwd: ROOT,
      timeoutMs: 240_000,
    })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const browser = await launchChromium()
    closeBrowser = browser.close
    page = await browser.context.newPage()
    await page.setViewportSize(PHONE)
  }, 300_000)
  afterAll(async () => {
    await closeBrowser()
    await rm(site, { recursive: true })
  })

  it(
    'no page is wider than the screen: tables and code scroll by themselves',
    { timeout: 120_000 },
    async () => {
      const pages = [
        'index.html',
        ...readdirSync(join(site, 'documents')).map((name) => `documents/${name}`),
        ...readdirSync(join(site, 'modules')).map((name) => `modules/${name}`),
        'classes/hub.Hub.html',
        'interfaces/hub.HubOptions.html',
      ].filter((name) => name.endsWith('.html'))
      const wide: string[] = []
      for (const name of pages) {
        await page.goto(pathToFileURL(join(site, name)).href)
        const width = await page.evaluate<number>('document.documentElement.scrollWidth')
        if (width > PHONE.width) wide.push(`${name}: ${width}`)
      }
      expect(pages.length).toBeGreaterThan(30)
      expect(wide).toEqual([])
    },
  )

  it('a wide table is read by scrolling it', async () => {
    await page.goto(pathToFileURL(join(site, 'documents/Limits.html')).href)
    const scrolls = `Array.from(document.querySelectorAll('.tsd-typography table'), (table) => [
      table.getBoundingClientRect().width <= ${PHONE.width}, table.scrollWidth >= table.clientWidth])`
    const tables = await page.evaluate<[boolean, boolean][]>(scrolls)
    expect(tables.length).toBeGreaterThan(5)
    expect(tables).toEqual(tables.map(() => [true, true]))
  })
})
