import {
  createAudioSpecificConfig,
  decodeAdtsHeader,
  decodeAudioSpecificConfig,
  describeTrack,
  encodeAudioSpecificConfig,
} from 'millrace/codec'
import { expect, test } from 'vitest'
import { hex } from '../support/bytes.ts'

/** 00010 0011 0000 000: LC, 48 kHz, channelConfiguration 0, and no program config element behind it. */
const CONFIGURATION = hex('1180')

test('the configuration is read with unknown channels, and written again', () => {
  const config = decodeAudioSpecificConfig(CONFIGURATION)
  expect(config).toMatchObject({ channelConfiguration: 0, channelCount: 0, programConfigElement: undefined })
  expect(encodeAudioSpecificConfig(config)).toEqual(CONFIGURATION)
  expect(describeTrack('mp4a', CONFIGURATION)).not.toHaveProperty('channelCount')
})

test('an ADTS header with channel configuration 0 gives that configuration', () => {
  const header = decodeAdtsHeader(hex('fff14c00017ffc'))
  expect(encodeAudioSpecificConfig(createAudioSpecificConfig(header))).toEqual(CONFIGURATION)
})
