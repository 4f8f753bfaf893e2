// Cuts an FLV file into HLS segments on disk: node 03-flv-to-hls.js [FILE [FOLDER]]
// #region hls
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FlvDemuxer } from 'millrace/flv'
import { HlsPlaylist } from 'millrace/hls'
import { KeyframeCut, Segmenter } from 'millrace/segment'
import { DEMO_CLIP } from './clip.ts'

const [file = DEMO_CLIP, folder = mkdtempSync(join(tmpdir(), 'hls-'))] = process.argv.slice(2)
const demuxer = new FlvDemuxer()
const segmenter = new Segmenter({ cut: new KeyframeCut({ targetDurationMs: 2_000 }) })
const playlist = new HlsPlaylist({ windowSec: Infinity, targetDurationSec: 2, programDateTime: false })

demuxer.push(readFileSync(file))
for (let packet = demuxer.read(); packet !== undefined; packet = demuxer.read()) {
  segmenter.push(packet, packet.dts)
  storeSegments()
}
segmenter.end()
storeSegments()
playlist.end()
writeFileSync(join(folder, 'index.m3u8'), playlist.format())
console.log(`${playlist.entries.length} segments in ${folder}`)

function storeSegments(): void {
  for (let segment = segmenter.read(); segment !== undefined; segment = segmenter.read()) {
    const uri = `${segment.sequence}.ts`
    writeFileSync(join(folder, uri), segment.bytes)
    playlist.add(segment, { uri, byteLength: segment.bytes.length })
  }
}
// #endregion hls
