import { Amf0EcmaArray } from 'millrace/amf0'
import { peerCapabilities } from 'millrace/rtmp'
import { expect, test } from 'vitest'

test('a client of RTMP 1.0 declares nothing', () => {
  expect(peerCapabilities({ app: 'live', flashVer: 'FMLE/3.0' })).toEqual({
    enhanced: false,
    fourCcList: [],
    videoFourCcInfo: new Map(),
    audioFourCcInfo: new Map(),
    capsEx: 0,
    reconnect: false,
    multitrack: false,
    modEx: false,
    timestampNanoOffset: false,
  })
})

test('Enhanced RTMP v1: fourCcList alone', () => {
  const capabilities = peerCapabilities({ fourCcList: ['av01', 'hvc1'] })
  expect(capabilities).toMatchObject({ enhanced: true, fourCcList: ['av01', 'hvc1'], multitrack: false })
})

test('Enhanced RTMP v2: maps and masks', () => {
  const capabilities = peerCapabilities({
    videoFourCcInfoMap: { '*': 4, vp09: 3 },
    audioFourCcInfoMap: new Amf0EcmaArray({ Opus: 7 }),
    capsEx: 0x0f,
  })
  expect(capabilities.videoFourCcInfo).toEqual(new Map(Object.entries({ '*': 4, vp09: 3 })))
  expect(capabilities.audioFourCcInfo).toEqual(new Map([['Opus', 7]]))
  expect(capabilities).toMatchObject({
    reconnect: true,
    multitrack: true,
    modEx: true,
    timestampNanoOffset: true,
  })
})

test.each([
  [0x01, 'reconnect'],
  [0x02, 'multitrack'],
  [0x04, 'modEx'],
  [0x08, 'timestampNanoOffset'],
] as const)('capsEx bit %i is %s alone', (capsEx, name) => {
  const { reconnect, multitrack, modEx, timestampNanoOffset } = peerCapabilities({ capsEx })
  const set = Object.entries({ reconnect, multitrack, modEx, timestampNanoOffset }).filter(([, on]) => on)
  expect(set).toEqual([[name, true]])
})

test('a fourCcList that is an ECMA array or an object', () => {
  expect(peerCapabilities({ fourCcList: new Amf0EcmaArray({ 0: 'av01' }) }).fourCcList).toEqual(['av01'])
  expect(peerCapabilities({ fourCcList: { 0: 'hvc1', 1: 'vp09' } }).fourCcList).toEqual(['hvc1', 'vp09'])
})

test('wrong types count as absent', () => {
  const capabilities = peerCapabilities({
    fourCcList: [1, null, 'av01'],
    videoFourCcInfoMap: { hvc1: 'yes', av01: 4 },
    audioFourCcInfoMap: 'all',
    capsEx: '15',
  })
  expect(capabilities).toMatchObject({ fourCcList: ['av01'], capsEx: 0, multitrack: false })
  expect(capabilities.videoFourCcInfo).toEqual(new Map([['av01', 4]]))
  expect(capabilities.audioFourCcInfo.size).toBe(0)
})

test('256 codecs are kept, the 257th is not', () => {
  const names = Array.from({ length: 257 }, (_, i) => `c${String(i).padStart(3, '0')}`)
  const capabilities = peerCapabilities({
    fourCcList: names,
    videoFourCcInfoMap: Object.fromEntries(names.map((name) => [name, 4])),
  })
  expect(capabilities.fourCcList).toEqual(names.slice(0, 256))
  expect([...capabilities.videoFourCcInfo.keys()]).toEqual(names.slice(0, 256))
})
