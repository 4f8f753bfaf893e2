/**
 * What of an Opus track is not to be heard. Encapsulation of Opus in ISO Base Media File Format §4.3.2.
 *
 * @module
 */
import { MediaError } from '../errors/index.ts'
import { BoxReader } from './box-reader.ts'

/** Fields of an audio sample entry of version 0, before its boxes. */
const AUDIO_ENTRY_BYTES = 28

/**
 * PreSkip of the `dOps` in the first sample entry: samples at 48 kHz; 0 for other codecs.
 * @param sampleEntries - `stsd` after version and flags.
 */
export function opusPreSkip(sampleEntries: Uint8Array): number {
  try {
    const reader = new BoxReader(sampleEntries)
    reader.skip(4) // entry_count
    const entry = reader.next()
    if (entry?.type !== 'Opus') return 0
    entry.skip(AUDIO_ENTRY_BYTES)
    const specific = entry.find('dOps')
    if (specific === undefined) return 0
    specific.skip(2) // Version, OutputChannelCount
    return specific.u16()
  } catch (error) {
    if (error instanceof MediaError) return 0
    throw error
  }
}
