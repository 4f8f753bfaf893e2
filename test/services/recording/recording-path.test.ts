import fc from 'fast-check'
import { RecordingPath } from 'millrace/services/recording'
import { describe, expect, it, test } from 'vitest'

const AT = new Date(2026, 0, 2, 3, 4, 5, 6).getTime()

function expand(template: string, streamPath = '/live/show', vhost = '__defaultVhost__'): string {
  return new RecordingPath(template).expand({ vhost, streamPath, startedAtMs: AT })
}

describe('variables, as in SRS', () => {
  test.each([
    ['[app]/[stream].[timestamp].flv', `live/show.${AT}.flv`],
    ['[vhost]/[app]/[stream].mp4', '__defaultVhost__/live/show.mp4'],
    ['[app]/[2006]/[01]/[02]/[15]-[04]-[05]_[999].flv', 'live/2026/01/02/03-04-05_006.flv'],
    ['[stream]-[stream].MP4', 'show-show.MP4'],
    // dvr_path of a folder.
    ['rec', `rec/show.${AT}.flv`],
    ['rec/[app]/', `rec/live/show.${AT}.flv`],
    ['[app]', `live/show.${AT}.flv`],
  ])('%s', (template, path) => expect(expand(template)).toBe(path))

  it('an app keeps its folders', () => {
    expect(expand('[app]/[stream].flv', '/a/b/c')).toBe('a/b/c.flv')
  })

  it('the extension is the format, unless another one is asked for', () => {
    expect(new RecordingPath('x/[stream].mp4').format).toBe('mp4')
    expect(new RecordingPath('x').format).toBe('flv')
    const path = new RecordingPath('x/[stream].flv', 'mp4')
    expect(path.format).toBe('mp4')
    expect(path.expand({ vhost: '', streamPath: '/live/show', startedAtMs: 0 })).toBe('x/show.mp4')
  })
})

test.each([
  ['[app]/[seq].flv', '[seq] is not a variable'],
  ['[app/x.flv', '[app/x.flv is not a variable'],
  ['[]x.flv', '[] is not a variable'],
  ['x.ts', 'end in .flv or .mp4'],
  ['[stream].[timestamp].flv.exe', 'end in .flv or .mp4'],
  ['/srv/[stream].flv', 'relative'],
  ['../[stream].flv', 'relative'],
  ['a/./[stream].flv', 'relative'],
  ['a//[stream].flv', 'relative'],
  ['C:/[stream].flv', 'relative'],
  [String.raw`a\[stream].flv`, 'relative'],
  ['a\u0000/[stream].flv', 'relative'],
  ['', 'relative'],
])('a template like %j is refused', (template, message) => {
  expect(() => new RecordingPath(template)).toThrow(TypeError)
  expect(() => new RecordingPath(template)).toThrow(message)
})

describe('names of streams', () => {
  test.each([
    ['/live/..', 'live/%2E%2E.flv'],
    ['/../../etc/passwd', '%2E%2E/%2E%2E/etc/passwd.flv'],
    ['/live/.htaccess', 'live/%2Ehtaccess.flv'],
    [String.raw`/live/..\..\boot.ini`, 'live/%2E.%5C..%5Cboot.ini.flv'],
    ['/live/a\u0000b', 'live/a%00b.flv'],
    ['/live/a\nb', 'live/a%0Ab.flv'],
    ['/live/C:evil', 'live/C%3Aevil.flv'],
    ['/live/con', 'live/%63on.flv'],
    ['/live/COM1.x', 'live/%43OM1.x.flv'],
    ['/live/name. ', 'live/name.%20.flv'],
    ['/live/%2e%2e', 'live/%252e%252e.flv'],
    ['/live/[timestamp]', 'live/%5Btimestamp%5D.flv'],
    ['/live/gnp\u202evlf', 'live/gnp%E2%80%AEvlf.flv'],
    ['/live/', 'live/%.flv'],
    ['/show', '%/show.flv'],
    ['/live/日本語 é', 'live/日本語 é.flv'],
    ['/live/show.flv.4711.tmp', 'live/show.flv.4711.tmp.flv'],
  ])('%j is the file %s', (streamPath, path) => expect(expand('[app]/[stream].flv', streamPath)).toBe(path))

  it('a long name keeps its beginning and its extension', () => {
    const a = expand('[app]/[stream].[timestamp].flv', `/live/${'x'.repeat(300)}`)
    const b = expand('[app]/[stream].[timestamp].flv', `/live/${'x'.repeat(301)}`)
    expect(a).toMatch(/^live\/x{179}~[0-9a-f]{16}\.flv$/)
    expect(a).not.toBe(b)
    expect(expand('[stream].mp4', `/live/${'語'.repeat(100)}`)).toMatch(/^語+~[0-9a-f]{16}\.mp4$/)
    expect(expand('[stream].mp4', `/live/${'x'.repeat(196)}`)).toBe(`${'x'.repeat(196)}.mp4`)
  })

  it('an app of many folders makes eight of them', () => {
    const path = expand('[app]/[stream].flv', `/${Array.from({ length: 100 }, () => 'a').join('/')}/show`)
    expect(path.split('/')).toHaveLength(9)
  })

  const name = fc.string({ unit: 'binary', maxLength: 300 })
  const hostile = fc.constantFrom('..', '.', '', '/', '\\', '%', '../..', 'con', 'a/../../b', '\u0000')
  const streamPath = fc
    .array(fc.oneof(name, hostile), { maxLength: 12 })
    .map((parts) => `/${parts.join('/')}`)

  it('any name stays below the template, in parts that a file system takes', () => {
    fc.assert(
      fc.property(streamPath, (path) => {
        const [first, ...parts] = expand('rec/[app]/[stream].flv', path).split('/')
        expect(first).toBe('rec')
        // eslint-disable-next-line no-control-regex
        for (const part of parts) expect(part).not.toMatch(/^$|^\.|[\u0000-\u001f\\:*?"<>|]/)
        for (const part of parts) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(200)
      }),
    )
  })

  it('two names have two paths', () => {
    fc.assert(
      fc.property(streamPath, streamPath, (a, b) => {
        // Without an application, `/show`, is where an empty one is, `//show`: the second file gets a number.
        fc.pre(a !== b && a.lastIndexOf('/') > 0 && b.lastIndexOf('/') > 0)
        expect(expand('[app]/[stream].flv', a)).not.toBe(expand('[app]/[stream].flv', b))
      }),
    )
  })
})
