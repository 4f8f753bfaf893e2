/** Mediabunny 1.61, for what it muxes. */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import type * as Mediabunny from 'mediabunny'

// Compiled files lie outside the folder that has it installed.
const require = createRequire(resolve(import.meta.dirname, '../../../test/bench/rivals/package.json'))
const mediabunny = require('mediabunny') as typeof Mediabunny

export const { EncodedAudioPacketSource, EncodedPacket, EncodedVideoPacketSource } = mediabunny
export const { Mp4OutputFormat, MpegTsOutputFormat, NullTarget, Output } = mediabunny

/** Its name in the tables. */
export const MEDIABUNNY = 'mediabunny 1.61.0'
