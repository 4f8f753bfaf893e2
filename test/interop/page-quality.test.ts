import { expect, it, vi } from 'vitest'
import { configFile, startReferenceServer } from '../support/reference-server.ts'
import { describeWithTool } from '../support/tools.ts'
import { launchChromium } from './peers/chromium.ts'

const CONFIG = `
hls: { targetDurationMs: 1000 }
transcode:
  engines:
    - name: ladder
      match: [live/*]
      gopMs: 1000
      outputs:
        - { name: 180p, video: { height: 180, bitrateKbps: 300, preset: ultrafast } }
        - { name: 90p, video: { height: 90, bitrateKbps: 100, preset: ultrafast } }
bandwidthCheck: {}
`

describeWithTool(['chromium', 'ffmpeg'], 'the page', () => {
  it('offers the qualities of a stream, and measures the network', async () => {
    const server = await startReferenceServer('--demo', '--config', await configFile(CONFIG))
    const browser = await launchChromium()
    try {
      const page = await browser.context.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('console', (message) => {
        if (message.type() !== 'log' && message.type() !== 'info') complaints.push(message.text())
      })
      await page.goto(server.http)
      // Renditions are streams too.
      await page.locator('[data-path="/live/demo_90p"]').waitFor({ timeout: 20_000 })
      await page.locator('[data-path="/live/demo"] [data-play=hls]').click()
      const levels = page.locator('#levels button')
      await vi.waitFor(async () => expect(await levels.allInnerTexts()).toEqual(['Auto', '180p', '90p']), {
        timeout: 30_000,
        interval: 200,
      })
      for (const height of [90, 180]) {
        await levels.filter({ hasText: new RegExp(`^${height}p`) }).click()
        await vi.waitFor(
          async () => expect(await page.evaluate('document.querySelector("video").videoHeight')).toBe(height),
          { timeout: 20_000, interval: 200 },
        )
      }
      await vi.waitFor(async () =>
        expect(await page.locator('#levels button[aria-pressed=true]').allInnerTexts()).toEqual(['180p']),
      )

      const facts = page.locator('#bandwidth-facts dd')
      expect(await facts.allInnerTexts()).toEqual(['–', '–', '–'])
      await page.locator('#measure').click()
      await vi.waitFor(
        async () => expect(await page.locator('#bandwidth-state').innerText()).toBe('Measured.'),
        { timeout: 30_000, interval: 200 },
      )
      const [download, upload, roundTrip] = await facts.allInnerTexts()
      for (const rate of [download, upload]) expect(rate).toMatch(/^[1-9]\d*\.\d\d Mbit\/s$/)
      expect(roundTrip).toMatch(/^\d+\.\d ms$/)
      expect(complaints).toEqual([])
    } finally {
      await browser.close()
    }
  })
})
