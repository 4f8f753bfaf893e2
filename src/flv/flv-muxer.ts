/**
 * Writing FLV files and streams tag by tag.
 *
 * @module
 */
import { concatBytes } from '../bytes/index.ts'
import { type ConfigurationSet, configurationPackets, type MediaPacket } from '../media/index.ts'
import { encodeFlvHeader, type FlvHeader } from './flv-header.ts'
import { flvTagLength, writeFlvTag } from './flv-tag.ts'

/**
 * Makes the bytes of an FLV file. The caller writes them: header first, then what a decoder must know, then
 * tags. Holds no state.
 */
export class FlvMuxer {
  /**
   * The 13 bytes that open the file.
   * @param announced - what kinds of tags will come. @defaultValue audio and video
   */
  header(announced: FlvHeader = { audio: true, video: true }): Uint8Array {
    return encodeFlvHeader(announced)
  }

  /** Metadata and decoder configurations as tags at `dts`. Empty for an empty set. */
  configuration(configuration: ConfigurationSet, dts: number): Uint8Array {
    return concatBytes(configurationPackets(configuration).map((packet) => this.write(packet, dts)))
  }

  /**
   * One packet as a tag with its PreviousTagSize, in an array of its own.
   * @param dts - time to write, such as `packet.dts` minus the start of a recording. @defaultValue the
   *   packet's `dts`
   * @throws RangeError if the body is larger than 16,777,215 bytes.
   */
  write(packet: MediaPacket, dts: number = packet.dts): Uint8Array {
    const out = new Uint8Array(flvTagLength(packet))
    writeFlvTag(out, 0, packet, dts)
    return out
  }
}
