// Makes a ladder of each stream with ffmpeg, serves it as HLS with its qualities, and takes pictures.
import { Hub } from 'millrace/hub'
import { HlsHandler } from 'millrace/packaging'
import { findFfmpeg, renditionVariants, Snapshots, Transcoder } from 'millrace/services/ffmpeg'

const hub = new Hub()
// Rejects, by name, where there is none: better at the start than with the first stream.
const { path } = await findFfmpeg()

// #region ladder
const transcoder = new Transcoder({
  hub,
  engines: [
    {
      name: 'ladder',
      match: 'live/*',
      gopMs: 1_000,
      outputs: [
        { name: '180p', video: { height: 180, bitrateKbps: 200, preset: 'ultrafast' } },
        { name: '90p', video: { height: 90, bitrateKbps: 80, preset: 'ultrafast' } },
      ],
    },
  ],
})
transcoder.on('exit', (streamPath, engine, { reason }) =>
  console.log(`${engine} of ${streamPath}: ${reason}`),
)
const hls = new HlsHandler({ hub, targetDurationMs: 1_000, variants: renditionVariants(hub) })
// #endregion ladder

// #region snapshots
const snapshots = new Snapshots({ hub, width: 160 })
// #endregion snapshots

import { inRealTime } from 'millrace/node'
import { readClip } from './clip.ts'

const stop = new AbortController()
const publisher = hub.publish('/live/show')
const publishing = publisher.send(inRealTime(readClip(), { loop: true, signal: stop.signal }))

const playlist = async (uri: string): Promise<string> =>
  (await (await hls.fetch(new Request(new URL(uri, 'http://localhost'))))!.text()).trim()
// The ladder is there a second after its original.
while (transcoder.stats().some(({ outputs }) => outputs.some(({ live }) => !live))) {
  await new Promise((resolve) => setTimeout(resolve, 100))
}
for (const [, resolution] of (await playlist('/live/show.m3u8')).matchAll(/RESOLUTION=(\d+x\d+)/g)) {
  console.log(`HLS: ${resolution}`)
}
const picture = await snapshots.take(publisher.source)
console.log(`picture: ${picture!.jpeg.length > 1_000 ? 'some' : 'few'} bytes, by ${path}`)
for (const { state, outputs } of transcoder.stats()) {
  console.log(`${state}: ${outputs.map(({ streamPath }) => streamPath).join(' ')}`)
}

stop.abort()
await publishing.catch(() => undefined)
publisher.unpublish()
await Promise.all([transcoder.close(), snapshots.close(), hls.close()])
hub.close()
