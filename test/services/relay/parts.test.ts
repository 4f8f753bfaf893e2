import type { Amf0Object } from 'millrace/amf0'
import { peerCapabilities } from 'millrace/rtmp'
import { describe, expect, it } from 'vitest'
import { takesCodec } from '../../../src/services/relay/codec-check.ts'
import { reconnectUrl } from '../../../src/services/relay/reconnect-url.ts'
import { formatVia, viaOf } from '../../../src/services/relay/via.ts'
import { request } from '../requests.ts'

describe('takesCodec', () => {
  // Properties of `_result`, Enhanced RTMP v2 "Enhancing NetConnection connect Command".
  for (const [name, properties, taken] of [
    ['nothing', {}, { avc1: true, hvc1: true, av01: true, Opus: true, xyz1: true }],
    ['a list', { fourCcList: ['hvc1', 'Opus'] }, { avc1: true, hvc1: true, av01: false, Opus: true }],
    ['a list of all', { fourCcList: ['*'] }, { hvc1: true, xyz1: true, Opus: true }],
    [
      'what it decodes',
      { videoFourCcInfoMap: { av01: 1 } },
      { av01: true, hvc1: false, Opus: true, avc1: true },
    ],
    ['what it forwards', { videoFourCcInfoMap: { '*': 4 } }, { av01: true, xyz1: true }],
    ['what it encodes', { videoFourCcInfoMap: { '*': 2, hvc1: 3 } }, { av01: false, hvc1: true, avc1: true }],
    [
      'maps that say more than its list',
      { fourCcList: ['*'], videoFourCcInfoMap: { av01: 1 } },
      { hvc1: false },
    ],
    ['audio', { audioFourCcInfoMap: { Opus: 1 } }, { Opus: true, fLaC: false, mp4a: true, hvc1: true }],
  ] as const) {
    it(`a server that declares ${name}`, () => {
      const peer = peerCapabilities(properties as Amf0Object)
      for (const [codec, expected] of Object.entries(taken)) {
        const kind = ['Opus', 'fLaC', 'mp4a'].includes(codec) ? 'audio' : 'video'
        expect(takesCodec(peer, kind, codec), codec).toBe(expected)
      }
    })
  }
})

describe('reconnectUrl', () => {
  // Enhanced RTMP v2, "Reconnect Request": tcUrl is an absolute or relative URI reference.
  for (const [present, tcUrl, next] of [
    ['rtmp://a:1936/live/key?t=1', undefined, undefined],
    ['rtmp://a:1936/live/key?t=1', 'rtmp://b/app', 'rtmp://b/app/key?t=1'],
    ['rtmp://a:1936/live/key', '//b:1999/app', 'rtmp://b:1999/app/key'],
    ['rtmp://a:1936/live/key', '/app/', 'rtmp://a:1936/app/key'],
    ['rtmps://a/live/key', '/app', 'rtmps://a/app/key'],
    ['rtmp://a/live/key', 'rtmps://b/app', 'rtmps://b/app/key'],
    // Out of TLS.
    ['rtmps://a/live/key', 'rtmp://b/app', undefined],
    ['rtmp://a/live/key', 'http://b/app', undefined],
    ['rtmp://a/live/key', 'nonsense', undefined],
    // Another server need not know the user.
    ['rtmp://me:pw@a/live/key', 'rtmp://b/app', 'rtmp://b/app/key'],
  ] as const) {
    it(`${present} and ${tcUrl} lead to ${next ?? 'the present one'}`, () => {
      expect(reconnectUrl(present, tcUrl)).toBe(next)
    })
  }
})

describe('via', () => {
  const via = (text: unknown): string[] => viaOf(request({ details: { via: text } }))

  it('is read as it is written, among those of others', () => {
    expect(via(formatVia('RTMP/1.0', ['abc', 'def']))).toEqual(['abc', 'def'])
    expect(via('1.0 fred, 1.1 millrace-abc , 1.1 p.example.net (Apache/1.1), RTMP/1.0 millrace-def')).toEqual(
      ['abc', 'def'],
    )
  })

  it('is bounded', () => {
    const marks = Array.from({ length: 20 }, (_, i) => `m${i}`)
    expect(via(formatVia('1.1', marks))).toEqual(marks.slice(4))
    expect(via(`1.1 millrace-a, ${'x'.repeat(1_008)}`)).toEqual(['a'])
    expect(via(`1.1 millrace-a, ${'x'.repeat(1_009)}`)).toEqual([])
  })

  it('may be missing, or anything', () => {
    for (const text of [undefined, 7, '', ',,', 'millrace-', {}]) expect(via(text)).toEqual([])
    expect(viaOf(undefined)).toEqual([])
  })
})
