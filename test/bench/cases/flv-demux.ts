import { readFileSync } from 'node:fs'
import { FlvDemuxer } from 'millrace/flv'
import type { BenchCase } from '../bench-case.ts'
import { asReads, clipPath, clipTags } from '../input.ts'
import { Flv, NMS } from '../rivals/node-media-server.ts'

const CLIP = 'avc-aac-bframes.flv'

/** A clip from socket reads to packets. Ours copies each body; Node-Media-Server overwrites it with the next one. */
function demux(): BenchCase {
  const reads = asReads(readFileSync(clipPath(CLIP)))

  const ours = (): number => {
    const demuxer = new FlvDemuxer()
    let tags = 0
    for (const read of reads) {
      demuxer.push(read)
      while (demuxer.read() !== undefined) tags++
    }
    return tags
  }

  // Its constructor takes a megabyte; a new parser for each call would measure that.
  const flv = new Flv()
  let received = 0
  flv.onPacketCallback = () => {
    received++
  }
  const theirs = (): number => {
    received = 0
    flv.parserState = 0 // the file header comes next
    for (const read of reads) flv.parserData(read)
    return received
  }

  const tags = clipTags(CLIP).length
  return {
    name: `flv demux: ${tags} tags of H.264 and AAC`,
    unit: 'tag',
    unitsPerCall: tags,
    expected: tags,
    contestants: { millrace: ours, [NMS]: theirs },
  }
}

export default [demux()]
