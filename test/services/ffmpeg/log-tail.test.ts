import { describe, expect, it } from 'vitest'
import { LogTail, maskUrls, secretsOf } from '../../../src/services/ffmpeg/log-tail.ts'

function tailOf(...texts: readonly string[]): readonly string[] {
  const tail = new LogTail()
  for (const text of texts) tail.push(text)
  return tail.lines
}

describe('the end of a log', () => {
  it('is cut before it is looked at: URLs are looked for in the square of the length, which took minutes', () => {
    expect(tailOf(`${'a'.repeat(1_000_000)}\n`)).toEqual(['a'.repeat(500)])
  })

  it('is lines, in whatever pieces they come', () => {
    expect(tailOf('one\ntw', 'o\r', '\n\nthr')).toEqual(['one', 'two', 'thr'])
  })

  it('has 20 lines', () => {
    const lines = Array.from({ length: 21 }, (_, i) => `line ${i}`)
    expect(tailOf(lines.slice(0, 20).join('\n'))).toEqual(lines.slice(0, 20))
    expect(tailOf(`${lines.join('\n')}\n`)).toEqual(lines.slice(1))
  })

  it('has lines of 500 characters, whether they end or not', () => {
    expect(tailOf(`${'x'.repeat(500)}\n`)[0]).toHaveLength(500)
    expect(tailOf(`${'x'.repeat(501)}\n`)[0]).toHaveLength(500)
    const tail = new LogTail()
    for (let i = 0; i < 1_000; i++) tail.push('x'.repeat(1_000))
    expect(tail.lines.map(({ length }) => length)).toEqual([500])
  })

  it('has no secrets, the longer ones first', () => {
    const tail = new LogTail(['abc', 'abcdef', ''])
    tail.push('abcdef abc ab\n')
    expect(tail.lines).toEqual(['*** *** ab'])
  })
})

it.each([
  ['rtsp://user:pass@cam/1 failed', 'rtsp://***@cam/1 failed'],
  [`from 'http://h/a.m3u8?token=x&b=2':`, `from 'http://h/a.m3u8?token=***&b=***':`],
  ['mail to a@b', 'mail to a@b'],
])('%s is shown as %s', (text, shown) => {
  expect(maskUrls(text)).toBe(shown)
})

it.each([
  ['rtsp://user:p%40ss@cam/1', ['p%40ss', 'p@ss']],
  ['rtmp://h/live/key?token=abcdef&n=1', ['abcdef', 'abcdef']],
  ['/a/file.flv', []],
  ['http://u:%zz%zz@h', ['%zz%zz', '%zz%zz']],
])('what is secret in %s', (url, secrets) => {
  expect(secretsOf(url)).toEqual(secrets)
})
