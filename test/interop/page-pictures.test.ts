import { expect, it, vi } from 'vitest'
import { configFile, startReferenceServer } from '../support/reference-server.ts'
import { describeWithTool } from '../support/tools.ts'
import { launchChromium } from './peers/chromium.ts'

const CONFIG = `
snapshots: { intervalMs: 1000, width: 320 }
transcode:
  engines: [{ name: small, match: [live/demo], outputs: [{ name: 90p, video: { height: 90, preset: ultrafast } }] }]
ingest: { ffmpeg: no-such-ffmpeg, inputs: [{ name: tape, stream: /live/tape, file: tape.mp4 }] }
`

describeWithTool(['chromium', 'ffmpeg'], 'the reference server with ffmpeg', () => {
  it('shows pictures and programs on its page, and says what it lacks', async () => {
    const server = await startReferenceServer('--demo', '--config', await configFile(CONFIG))
    expect(server.process.output).toContain(
      'ingest is off: no-such-ffmpeg is not a usable ffmpeg: program not found',
    )
    expect(server.process.output).toMatch(/transcode: ffmpeg \S+$/m)
    const { context, close } = await launchChromium()
    try {
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.goto(server.http)
      const card = page.locator('[data-path="/live/demo"]')
      await card.waitFor()
      const size = 'document.querySelector(\'[data-path="/live/demo"] .poster\').naturalWidth'
      await vi.waitFor(async () => expect(await page.evaluate(size)).toBe(320), {
        timeout: 15_000,
        interval: 200,
      })
      await page.locator('[data-path="/live/demo_90p"]').waitFor()
      await card.locator('.operate summary').click()
      await vi.waitFor(
        async () => {
          const shown = (await card.locator('.services').innerText()).replaceAll(/\s+/g, ' ')
          expect(shown).toMatch(/transcode .* small state running .*small fps [1-9]/i)
          expect(shown).toMatch(/small outputs 90p \/live\/demo_90p: live/i)
          expect(shown).toMatch(/snapshot .* taken [1-9]/i)
        },
        { timeout: 15_000, interval: 200 },
      )
      expect(complaints).toEqual([])
    } finally {
      await close()
    }
  })
})
