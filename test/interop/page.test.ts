import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { run } from '../support/process.ts'
import { ROOT } from '../support/project.ts'
import { MAIN, type ReferenceServer, startReferenceServer } from '../support/reference-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithTool } from '../support/tools.ts'
import { type BrowserContext, launchChromium, type Page } from './peers/chromium.ts'

/** What a viewer of the page's video element has in front of them. `pixels` differs from look to look while the picture moves. */
interface Seen {
  readonly time: number
  readonly frames: number
  readonly size: string
  readonly soundBytes: number
  readonly colours: number
  readonly pixels: string
}

const LOOK = `(() => {
  const video = document.querySelector('video')
  const canvas = document.createElement('canvas')
  canvas.width = 64
  canvas.height = 36
  const context = canvas.getContext('2d')
  context.drawImage(video, 0, 0, 64, 36)
  const pixels = new Uint32Array(context.getImageData(0, 0, 64, 36).data.buffer)
  return {
    time: video.currentTime,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    size: video.videoWidth + 'x' + video.videoHeight,
    soundBytes: video.webkitAudioDecodedByteCount,
    colours: new Set(pixels).size,
    pixels: pixels.join(),
  }
})()`

describeWithTool('chromium', 'the page in Chromium', () => {
  let server: ReferenceServer
  let context: BrowserContext
  let closeBrowser: () => Promise<void>

  beforeAll(async () => {
    server = await startReferenceServer('--demo')
    ;({ context, close: closeBrowser } = await launchChromium())
  })
  afterAll(async () => {
    await closeBrowser()
  })

  /** A tab that must not complain, nor ask any other host for anything. */
  async function open(
    size = { width: 1280, height: 800 },
    colorScheme: 'dark' | 'light' = 'light',
  ): Promise<{
    page: Page
    complaints: string[]
  }> {
    const page = await context.newPage()
    const complaints: string[] = []
    const own = new URL(server.http).host
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() !== 'log' && message.type() !== 'info') complaints.push(message.text())
    })
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      if (host !== own && protocol !== 'blob:' && protocol !== 'data:')
        complaints.push(`asks ${request.url()}`)
    })
    await page.setViewportSize(size)
    await page.emulateMedia({ colorScheme })
    await page.goto(server.http)
    await page.locator('[data-path="/live/demo"]').waitFor()
    return { page, complaints }
  }

  async function look(page: Page): Promise<Seen> {
    return await page.evaluate<Seen>(LOOK)
  }

  it('lists the stream with codecs, size, bitrate, players and uptime', async () => {
    const { page, complaints } = await open()
    const card = page.locator('[data-path="/live/demo"]')
    await vi.waitFor(
      async () => {
        const shown = (await card.innerText()).replaceAll(/\s+/g, ' ')
        expect(shown).toMatch(/^\/live\/demo live H\.264 640×360 AAC 48 kHz stereo Uptime 00:0\d:\d\d/i)
        expect(shown).toMatch(/Bitrate [1-9]\d\d kbit\/s Players 0/)
      },
      { timeout: 10_000, interval: 200 },
    )
    const port = new URL(server.rtmp).port
    await card.locator('summary').first().click()
    expect(await card.locator('code').allInnerTexts()).toEqual([
      `rtmp://127.0.0.1:${port}/live/demo`,
      `${server.http}/live/demo.flv`,
      `${server.http.replace('http', 'ws')}/live/demo.flv`,
      `${server.http}/live/demo.ts`,
      `${server.http}/live/demo.m3u8`,
    ])
    expect(await page.locator('#publish-urls code').first().innerText()).toBe(`rtmp://127.0.0.1:${port}/live`)
    expect(complaints).toEqual([])
    await page.close()
  })

  it.each(['flv', 'ws', 'ts', 'hls'])(
    'plays by %s: the picture moves and there is sound',
    async (protocol) => {
      const { page, complaints } = await open()
      await page.locator('[data-play=flv]').click()
      if (protocol !== 'flv') await page.locator(`[data-protocol=${protocol}]`).click()
      const isPlaying = async (): Promise<Seen> => {
        const seen = await look(page)
        expect(seen.size).toBe('640x360')
        expect(seen.time).toBeGreaterThan(2)
        return seen
      }
      const first = await vi.waitFor(isPlaying, { timeout: 20_000, interval: 100 })
      const second = await vi.waitFor(
        async () => {
          const seen = await isPlaying()
          expect(seen.frames).toBeGreaterThan(first.frames + 10)
          expect(seen.pixels).not.toBe(first.pixels)
          return seen
        },
        { timeout: 10_000, interval: 100 },
      )
      expect(second.colours).toBeGreaterThan(20)
      expect(second.soundBytes).toBeGreaterThan(1_000)
      expect(await page.locator('#stage-state').innerText()).toBe('playing')
      await vi.waitFor(async () => expect(await playersShown(page)).toBe(1), {
        timeout: 5_000,
        interval: 200,
      })
      await page.locator('#stop').click()
      expect(await page.locator('#stage').isVisible()).toBe(false)
      await page.close()
      expect(complaints).toEqual([])
      await vi.waitFor(
        async () => {
          const { connections } = (await (await fetch(`${server.http}/page/status`)).json()) as {
            connections: { http: number }
          }
          expect(connections.http).toBe(0)
        },
        { timeout: 5_000, interval: 100 },
      )
    },
  )

  async function playersShown(page: Page): Promise<number> {
    const shown = (await page.locator('[data-path="/live/demo"] .facts').innerText()).replaceAll(/\s+/g, ' ')
    // HLS viewers of the tests before are counted until they have been silent for their time.
    return Math.min(1, Number(/Players (\d+)/.exec(shown)?.[1]))
  }

  it.each([
    ['a desktop', { width: 1280, height: 800 }, 'light'],
    ['a desktop at night', { width: 1280, height: 800 }, 'dark'],
    ['a phone', { width: 390, height: 844 }, 'light'],
    ['a phone at night', { width: 390, height: 844 }, 'dark'],
  ] as const)('fits %s', async (name, size, colorScheme) => {
    const { page, complaints } = await open(size, colorScheme)
    await page.locator('[data-play=flv]').click()
    await vi.waitFor(async () => expect((await look(page)).time).toBeGreaterThan(0.5), {
      timeout: 20_000,
      interval: 100,
    })
    await page.evaluate(`document.querySelectorAll('details').forEach((details) => (details.open = true))`)
    const layout = await page.evaluate<{ overflow: number; small: string[]; background: string }>(`({
      overflow: document.documentElement.scrollWidth - innerWidth,
      small: Array.from(document.querySelectorAll('button'), (button) => button.getBoundingClientRect())
        .filter(({ width, height }) => width > 0 && (height < 40 || width < 40)).map(({ width, height }) => width + 'x' + height),
      background: getComputedStyle(document.body).backgroundColor,
    })`)
    expect(layout.overflow).toBe(0)
    expect(layout.small).toEqual([])
    const [red] = /\d+/.exec(layout.background)!
    expect(Number(red) < 128).toBe(colorScheme === 'dark')
    // For whoever wants to see it.
    const folder = process.env['SCREENSHOTS']
    if (folder !== undefined) {
      await mkdir(folder, { recursive: true })
      await page.screenshot({ path: join(folder, `${name.replaceAll(' ', '-')}.png`), fullPage: true })
    }
    expect(complaints).toEqual([])
    await page.close()
  })

  it('says so when the server is gone, and goes on when it is back', async () => {
    const { page } = await open()
    await page.route('**/page/status', (route) => route.abort())
    await page.locator('#offline').waitFor()
    await page.unroute('**/page/status')
    await page.locator('#offline').waitFor({ state: 'hidden' })
    expect(await page.locator('[data-path="/live/demo"]').isVisible()).toBe(true)
    await page.close()
  })

  it('is empty without a stream, and shows where to publish', async () => {
    const empty = await startReferenceServer()
    const page = await context.newPage()
    await page.goto(empty.http)
    await page.locator('#empty').waitFor()
    expect(await page.locator('#publish-urls code').first().innerText()).toBe(`${empty.rtmp}/live`)
    await page.close()
    expect((await empty.process.stop()).code).toBe(0)
  })
})

describe('the server', () => {
  it('gives a player that joins late its first keyframe within 100 ms', async () => {
    const { http, process: server } = await startReferenceServer('--demo')
    await server.waitForOutput(/publish \/live\/demo/)
    const delays: number[] = []
    for (let i = 0; i < 5; i++) {
      // Anywhere between two keyframes, which are 2 s apart.
      await new Promise((resolve) => setTimeout(resolve, 370))
      const gone = new AbortController()
      const started = performance.now()
      const { body } = await fetch(`${http}/live/demo.flv`, { signal: gone.signal })
      let bytes = Buffer.alloc(0)
      for await (const part of body!) {
        bytes = Buffer.concat([bytes, part as Uint8Array])
        if (hasKeyframe(bytes)) break
      }
      delays.push(performance.now() - started)
      gone.abort()
    }
    expect(delays.toSorted((a, b) => a - b)[2]).toBeLessThan(100)
  })

  it('ends within a second when it is told to, with players and encoders at every door', async () => {
    const { http, process: server } = await startReferenceServer('--demo')
    await server.waitForOutput(/publish \/live\/demo/)
    const flv = await fetch(`${http}/live/demo.flv`)
    const socket = new WebSocket(`${http.replace('http', 'ws')}/live/demo.flv`)
    await once(socket, 'message')
    const closed = once(socket, 'close')
    const reading = flv.arrayBuffer()
    const started = performance.now()
    const { code, stderr } = await server.stop()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(performance.now() - started).toBeLessThan(1_000)
    // In order: the stream ends, it is not cut off.
    expect((await reading).byteLength).toBeGreaterThan(1_000)
    expect((await closed)[0]).toBe(1000)
  })

  it('names line, key and nearest key of a wrong file, and starts nothing', async () => {
    const file = join(await tempFolder(), 'server.yaml')
    await writeFile(file, 'http:\n  port: 80800\nhls:\n  windowSms: 5\nhubb: {}\n')
    const { code, stdout, stderr } = await run(process.execPath, [MAIN, '--config', file])
    expect(code).toBe(1)
    expect(stdout.toString()).toBe('')
    expect(stderr.trim().split('\n').toSorted()).toEqual([
      `${file}:2: http.port: Too big: expected number to be <=65535`,
      `${file}:4: unknown key hls.windowSms, did you mean windowMs?`,
      `${file}:5: unknown key hubb, did you mean hub?`,
    ])
  })

  it('checks a file without starting', async () => {
    const file = join(await tempFolder(), 'server.yaml')
    await writeFile(file, 'rtmp: { port: 19350 }\n')
    const good = await run(process.execPath, [MAIN, '--check', '--config', file])
    expect([good.code, good.stdout.toString()]).toEqual([0, 'the configuration is valid\n'])
    const missing = await run(process.execPath, [MAIN, '--check', '--config', `${file}.not`])
    expect(missing.code).toBe(1)
    expect(missing.stderr).toMatch(/^cannot read .*server\.yaml\.not: ENOENT/)
  })

  it('says in one line that a port is taken', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    for (const door of ['rtmp', 'http']) {
      const flags = [
        '--host',
        '127.0.0.1',
        '--rtmp-port',
        '0',
        '--http-port',
        '0',
        `--${door}-port`,
        String(port),
      ]
      const { code, stderr } = await run(process.execPath, [MAIN, ...flags])
      expect(code).toBe(1)
      expect(stderr).toBe(
        `cannot listen on port ${port}: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`,
      )
    }
    taken.close()
  })

  it.each([
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['--rtmp-port', 'x'], 'x is not a port'],
  ])('refuses %s', async (flags, message) => {
    const { code, stderr } = await run(process.execPath, [MAIN, ...flags])
    expect(code).toBeGreaterThan(0)
    expect(stderr).toContain(message)
  })

  it('publishes its demo behind TLS, PROXY headers and stream keys', async () => {
    const folder = await tempFolder()
    const tls = join(ROOT, 'test/support/tls')
    const file = join(folder, 'server.yaml')
    await writeFile(
      file,
      JSON.stringify({
        rtmp: { tls: { cert: join(tls, 'certificate.pem'), key: join(tls, 'key.pem') }, proxyProtocol: true },
        publishKeys: [{ key: 's3cret', stream: '/live/show' }],
      }),
    )
    const { rtmp, process: server } = await startReferenceServer('--demo', '--config', file)
    expect(rtmp).toMatch(/^rtmps:/)
    await server.waitForOutput(/publish \/live\/demo/)
    expect((await server.stop()).code).toBe(0)
  })

  it('answers who offers HTTP/2 in an upgrade as anybody else', async () => {
    const { http } = await startReferenceServer()
    const headers = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' }
    const [response] = (await once(get(`${http}/page/status`, { headers }), 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(200)
    expect(JSON.parse(await text(response))).toMatchObject({ streams: [] })
  })
})

/** Whether FLV bytes have a whole video tag with a keyframe's pictures. FLV 10.1 §E.4.1. */
function hasKeyframe(bytes: Buffer): boolean {
  for (let at = 13; at + 15 <= bytes.length;) {
    const length = bytes.readUIntBE(at + 1, 3)
    const isVideo = bytes[at] === 9
    // Frame type 1, AVC; packet type 1: NAL units.
    if (isVideo && bytes[at + 11] === 0x17 && bytes[at + 12] === 1) return at + 11 + length <= bytes.length
    at += 11 + length + 4
  }
  return false
}
