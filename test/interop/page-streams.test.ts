import { setTimeout } from 'node:timers/promises'
import { demuxFlv } from 'millrace/flv'
import { type MediaPacket, packetFromTag } from 'millrace/media'
import { RtmpClient } from 'millrace/node'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { ascii, hex, join } from '../support/bytes.ts'
import { type Clip, readClip } from '../support/clips.ts'
import { configFile, type ReferenceServer, startReferenceServer } from '../support/reference-server.ts'
import { describeWithTool } from '../support/tools.ts'
import { type BrowserContext, launchChromium, type Page } from './peers/chromium.ts'

/** Publishes a clip as `/live/show` over and over, as fast as it plays. @returns what ends it. */
async function encode(
  { rtmp }: ReferenceServer,
  clip: Clip,
  each: (packet: MediaPacket) => readonly MediaPacket[] = (packet) => [packet],
): Promise<() => Promise<void>> {
  const client = await RtmpClient.publish(`${rtmp}/live/show`)
  const packets = demuxFlv(readClip(clip))
  const lengthMs = packets.at(-1)!.dts + 40
  const done = new AbortController()
  const running = (async () => {
    const startMs = performance.now()
    for (let round = 0; ; round++) {
      for (const packet of packets) {
        if (packet.endOfSequence || (round > 0 && !packet.coded)) continue
        const dts = packet.dts + round * lengthMs
        while (performance.now() - startMs < dts) {
          if (done.signal.aborted) return
          await setTimeout(20)
        }
        for (const one of each(packet)) client.write(one.withDts(dts))
      }
    }
  })()
  const stop = async (): Promise<void> => {
    done.abort()
    await running
    await client.close()
  }
  onTestFinished(stop)
  return stop
}

describeWithTool('chromium', 'the page, and a stream', () => {
  let context: BrowserContext
  let closeBrowser: () => Promise<void>

  beforeAll(async () => {
    ;({ context, close: closeBrowser } = await launchChromium())
  })
  afterAll(async () => {
    await closeBrowser()
  })

  async function open(yaml: string): Promise<{ server: ReferenceServer; page: Page }> {
    const server = await startReferenceServer('--config', await configFile(yaml))
    const page = await context.newPage()
    await page.goto(server.http)
    return { server, page }
  }

  /** Waits until pictures have moved for a while, and the page says so. */
  async function seesPictures(page: Page): Promise<void> {
    const frames = (): Promise<number> =>
      page.evaluate<number>(`document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames`)
    await vi.waitFor(
      async () => {
        const before = await frames()
        await setTimeout(700)
        expect(await frames()).toBeGreaterThan(before + 8)
        expect(await page.locator('#stage-state').innerText()).toBe('playing')
      },
      { timeout: 25_000, interval: 100 },
    )
  }

  it.each([
    ['while its playlist is open', ''],
    ['after its playlist has ended', 'endListMs: 0'],
  ])('that is back by HLS %s plays on by itself', async (_, option) => {
    const { server, page } = await open(`
hub: { graceMs: 500 }
hls: { targetDurationMs: 1000, ${option} }
`)
    const stop = await encode(server, 'avc-aac-bframes.flv')
    await page.locator('[data-path="/live/show"] [data-play=hls]').click()
    await seesPictures(page)
    await stop()
    // Longer than the grace time, and than what the player has buffered.
    await setTimeout(12_000)
    expect(await page.locator('#stage-state').innerText()).not.toBe('playing')
    await encode(server, 'avc-aac-bframes.flv')
    await seesPictures(page)
    await page.close()
  })

  it('of a codec that the browser cannot play is not asked for, until its codec changes', async () => {
    const { server, page } = await open('hub: { graceMs: 0 }')
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    const stop = await encode(server, 'hevc-aac.ertmp.flv')
    const card = page.locator('[data-path="/live/show"]')
    await vi.waitFor(
      async () => expect(await card.locator('.obstacle').innerText()).toBe('this browser cannot play HEVC'),
      { timeout: 5_000 },
    )
    for (const button of await card.locator('[data-play]').all()) expect(await button.isDisabled()).toBe(true)
    // As with a click before the codec was known.
    await page.evaluate(`{
      const button = document.querySelector('[data-path="/live/show"] [data-play=flv]')
      button.disabled = false
      button.click()
    }`)
    expect(await page.locator('#stage-state').innerText()).toBe('this browser cannot play HEVC')
    expect(await page.locator('#protocols button:not([disabled])').count()).toBe(0)
    await setTimeout(3_000)
    expect(asked.filter((path) => path.startsWith('/live/show.'))).toEqual([])

    await stop()
    await encode(server, 'avc-aac-bframes.flv')
    await seesPictures(page)
    expect(await card.locator('[data-play=flv]').isDisabled()).toBe(false)
    await page.close()
  })

  it('with packets that the player passes over is not begun again', async () => {
    const { server, page } = await open('')
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    /** ExVideoTagHeader: 1 | frame type 1 | packet type 4 Metadata; `avc1`; AMF0 string `colorInfo`, null */
    const metadata = join(hex('94'), ascii('avc1'), hex('02 0009'), ascii('colorInfo'), hex('05'))
    await encode(server, 'avc-aac-bframes.flv', (packet) =>
      packet.kind === 'video' && packet.keyframe ? [packet, packetFromTag(9, 0, metadata)] : [packet],
    )
    const card = page.locator('[data-path="/live/show"]')
    await card.locator('[data-play=flv]').click()
    await seesPictures(page)
    await setTimeout(4_000)
    await seesPictures(page)
    expect(asked.filter((path) => path === '/live/show.flv')).toHaveLength(1)
    await page.close()
  })

  it('of a codec that MPEG-TS has no place for is offered by HTTP-FLV alone', async () => {
    const { server, page } = await open('')
    await encode(server, 'av1-opus.ertmp.flv')
    const card = page.locator('[data-path="/live/show"]')
    await vi.waitFor(
      async () =>
        expect(await card.locator('[data-play=hls]').getAttribute('title')).toBe(
          'AV1 cannot be played by HLS here',
        ),
      { timeout: 5_000 },
    )
    expect(await card.locator('[data-play=flv]').isDisabled()).toBe(false)
    expect(await card.locator('.obstacle').isVisible()).toBe(false)
    await page.close()
  })
})
