// FFmpeg 8.1 copies a file to an RTMP URL: node publish-file.mjs FILE URL SPEED
import process from 'node:process'

Promise.withResolvers ??= function withResolvers() {
  let resolve, reject
  const promise = new Promise((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

const { Demuxer, Muxer } = await import('node-av')
const [path, url, speed] = process.argv.slice(2)
const input = await Demuxer.open(path)
const output = await Muxer.open(url, {
  input,
  format: 'flv',
  copyInitialNonkeyframes: true,
  copyPriorStart: 1,
  options: { flvflags: 'no_duration_filesize' },
})
const indexes = input.streams.map((stream) => output.addStream(stream))
const startMs = performance.now()
for await (const packet of input.packets()) {
  if (packet === null) break
  // The time base of FLV is 1 ms.
  const waitMs = Number(packet.dts) / Number(speed) - (performance.now() - startMs)
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
  await output.writePacket(packet, indexes[packet.streamIndex])
  packet.free()
}
await output.close()
process.exit()
