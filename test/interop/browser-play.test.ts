import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, it, vi } from 'vitest'
import { loopClip, startLiveServer } from '../support/live-server.ts'
import { describeWithTool } from '../support/tools.ts'
import { launchChromium } from './peers/chromium.ts'

const require = createRequire(import.meta.url)
const SCRIPTS: Readonly<Record<string, string>> = {
  '/hls.js': require.resolve('hls.js/dist/hls.min.js'),
  '/mpegts.js': require.resolve('mpegts.js/dist/mpegts.js'),
}

const PAGE = `<!doctype html>
<script src="/hls.js"></script><script src="/mpegts.js"></script>
<video id="flv" muted></video><video id="websocket" muted></video><video id="ts" muted></video><video id="hls" muted></video>
<script>
  const url = (path) => new URL(path, location.href).href
  const live = (id, type, url) => {
    const player = mpegts.createPlayer({ type, url, isLive: true }, { enableStashBuffer: false })
    player.attachMediaElement(document.getElementById(id))
    player.load()
    player.play()
  }
  live('flv', 'flv', url('/live/show.flv'))
  live('websocket', 'flv', url('/live/show.flv').replace('http', 'ws'))
  live('ts', 'mpegts', url('/live/show.ts'))
  const hls = new Hls({ liveSyncDurationCount: 1 })
  hls.loadSource(url('/live/show.m3u8'))
  hls.attachMedia(document.getElementById('hls'))
  document.getElementById('hls').play()
</script>`

/** What each video element shows: played seconds, decoded audio bytes, and whether its picture has more than one colour. */
const FACTS = `Object.fromEntries(Array.from(document.querySelectorAll('video'), (video) => {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 16
  const context = canvas.getContext('2d')
  context.drawImage(video, 0, 0, 16, 16)
  const pixels = new Uint32Array(context.getImageData(0, 0, 16, 16).data.buffer)
  return [video.id, {
    size: video.videoWidth + 'x' + video.videoHeight,
    played: video.currentTime > 2,
    sound: video.webkitAudioDecodedByteCount > 1000,
    picture: new Set(pixels).size > 4,
  }]
}))`

describeWithTool('chromium', 'Chromium', () => {
  it('plays HTTP-FLV, WebSocket-FLV and HTTP-TS with mpegts.js, and HLS with hls.js', async () => {
    const server = await startLiveServer((path) => {
      if (path === '/') return Buffer.from(PAGE)
      return SCRIPTS[path] === undefined ? undefined : readFileSync(SCRIPTS[path])
    })
    const browser = await launchChromium()
    try {
      const page = await browser.context.newPage()
      const done = new AbortController()
      const publishing = loopClip(server.hub, 'avc-aac-bframes.flv', done.signal)
      await page.goto(new URL('/', server.httpUrl).href)
      const playing = { size: '320x180', played: true, sound: true, picture: true }
      await vi.waitFor(
        async () => {
          const facts = await page.evaluate(FACTS)
          expect(facts).toEqual({ flv: playing, websocket: playing, ts: playing, hls: playing })
        },
        { timeout: 20_000, interval: 500 },
      )
      done.abort()
      await publishing
    } finally {
      await browser.close()
    }
  })
})
