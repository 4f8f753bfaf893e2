// Publishes a transport stream to a hub: node 19-transport-stream.js [FILE.ts]
import { readFileSync } from 'node:fs'
import { Hub } from 'millrace/hub'
import { PacketConverter } from 'millrace/media'
import { TsDemuxer, TsMuxer } from 'millrace/mpegts'
import { readClip } from './clip.ts'

const [file] = process.argv.slice(2)
const stream = file === undefined ? new TsMuxer().writeBatch(readClip()) : readFileSync(file)
const hub = new Hub()

// #region transport-stream
const publisher = hub.publish('/live/show')
const demuxer = new TsDemuxer()
const converter = new PacketConverter()

function receive(bytes: Uint8Array): void {
  demuxer.push(bytes)
  for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read())
    for (const packet of converter.push(unit)) publisher.write(packet)
}
// #endregion transport-stream

for (let at = 0; at < stream.length; at += 1316) receive(stream.subarray(at, at + 1316))
console.log(`${publisher.source.stats().receivedPackets} packets, ${converter.skippedCount} units left out`)
hub.close()
