/** The start of `play` is in seconds by RTMP 1.0 §7.2.2.1, where −2 is "live or else recorded". FFmpeg and librtmp send ms. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ServerHarness } from '../rtmp/session-harness.ts'

test.each([
  ['ffmpeg-play', -2000],
  ['rtmpdump-play', -1000],
  ['gstreamer-rtmp2src-play', -2],
])('%s asks for %i, which is told as it came', (file, start) => {
  const harness = new ServerHarness()
  harness.push(new Uint8Array(readFileSync(new URL(`../rtmp/fixtures/${file}.bin`, import.meta.url))))
  harness.session.acceptConnect()
  expect(harness.events().at(-1)).toMatchObject({ type: 'play', streamName: 'cam', start })
})
