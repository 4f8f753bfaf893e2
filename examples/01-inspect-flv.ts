// Lists the tracks of an FLV file: node 01-inspect-flv.js [FILE]
// #region inspect
import { readFileSync } from 'node:fs'
import { describeTrack } from 'millrace/codec'
import { FlvDemuxer } from 'millrace/flv'
import { DEMO_CLIP } from './clip.ts'

const demuxer = new FlvDemuxer()
demuxer.push(readFileSync(process.argv[2] ?? DEMO_CLIP))

const tracks = new Map<string, { codec: string; packets: number; bytes: number; keyframes: number }>()
let durationMs = 0
for (let packet = demuxer.read(); packet !== undefined; packet = demuxer.read()) {
  if (packet.kind === 'data') continue
  durationMs = Math.max(durationMs, packet.dts)
  for (const track of packet.tracks()) {
    const name = `${packet.kind} ${track.trackId}`
    const facts = tracks.get(name) ?? { codec: track.codec, packets: 0, bytes: 0, keyframes: 0 }
    tracks.set(name, facts)
    if (track.configuration) {
      const { codecString, width, height, sampleRate } = describeTrack(track.codec, track.payload)
      facts.codec = `${codecString} ${width === undefined ? `${sampleRate ?? '?'} Hz` : `${width}x${height}`}`
      continue
    }
    facts.packets++
    facts.bytes += track.payload.length
    if (track.keyframe) facts.keyframes++
  }
}

for (const [name, { codec, packets, bytes, keyframes }] of tracks) {
  const kbps = Math.round((bytes * 8) / durationMs)
  console.log(`${name}: ${codec}, ${packets} packets, ${keyframes} keyframes, ${kbps} kbit/s`)
}
console.log(`${(durationMs / 1000).toFixed(1)} s, ${demuxer.skippedBytes} damaged bytes skipped`)
// #endregion inspect
