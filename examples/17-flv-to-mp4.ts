// Turns an FLV file into an MP4 file that plays while it loads: node 17-flv-to-mp4.js [FILE [OUTPUT]]
// #region mp4
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { demuxFlv } from 'millrace/flv'
import { FragmentedMp4Muxer, Mp4IndexReader, planMp4 } from 'millrace/mp4'
import { DEMO_CLIP } from './clip.ts'

const folder = mkdtempSync(join(tmpdir(), 'mp4-'))
const [input = DEMO_CLIP, output = join(folder, `${basename(DEMO_CLIP, '.flv')}.mp4`)] = process.argv.slice(2)

// Fragments: as a live recording writes them, each as soon as its GOP is complete. A crash would cost the last one.
const fragmented = openSync(join(folder, 'fragmented.mp4'), 'w+')
const muxer = new FragmentedMp4Muxer()
let fragmentCount = 0
for (const packet of demuxFlv(readFileSync(input))) {
  const result = muxer.write(packet)
  if (result !== 'written' && result !== 'ignored')
    throw new Error(`a second file would begin here: ${result}`)
  if (packet.keyframe || muxer.pendingMs > 10_000) append(muxer.fragment())
}
append(muxer.end())

function append(fragment: { readonly bytes: Uint8Array } | undefined): void {
  if (fragment === undefined) return
  if (fragmentCount === 0) writeSync(fragmented, muxer.init())
  writeSync(fragmented, fragment.bytes)
  fragmentCount += 1
}

// The index in front: read where the samples lie, write the header, copy the media behind it.
const reader = new Mp4IndexReader({ fileBytes: fstatSync(fragmented).size })
for (let want = reader.wanted(); want !== undefined; want = reader.wanted())
  reader.push(read(want.offset, want.length))
const plan = planMp4(reader.index, { tool: 'millrace' })
if (plan === undefined) throw new Error(`${input} has no track that MP4 has a place for`)
const finished = openSync(output, 'w')
for (const piece of plan.header()) writeSync(finished, piece)
for (const { offset, length } of plan.ranges()) writeSync(finished, read(offset, length))
closeSync(finished)
closeSync(fragmented)

function read(offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  return bytes.subarray(0, readSync(fragmented, bytes, 0, length, offset))
}
// #endregion mp4

const tracks = muxer.tracks.map(({ codecString }) => codecString).join(', ')
console.log(`${fragmentCount} fragments; ${tracks}, ${(plan.durationMs / 1000).toFixed(1)} s in ${output}`)
