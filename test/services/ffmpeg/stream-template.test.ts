import { describe, expect, it } from 'vitest'
import { StreamPattern, StreamTemplate } from '../../../src/services/ffmpeg/stream-template.ts'

describe('a pattern of streams', () => {
  it.each([
    ['*', '/live/show', true],
    ['live/*', '/live/show', true],
    ['live/*', '/live/a/show', true],
    ['live/*', '/vod/show', false],
    ['live/show', '/live/show', true],
    ['live/show', '/live/show2', false],
    ['live/a.b', '/live/aXb', false],
    ['*/cam*', '/hall/cam1', true],
    ['live/(', '/live/(', true],
  ])('%s and %s: %s', (pattern, streamPath, matches) => {
    expect(new StreamPattern(pattern).matches(streamPath)).toBe(matches)
  })
})

describe('a template', () => {
  it.each([
    ['[stream]_720p', '/live/show', '/live/show_720p'],
    ['hd/[stream]', '/live/show', '/hd/show'],
    ['[app]/hd/[stream]', '/a/b/show', '/a/b/hd/show'],
    ['[app]-hd/[stream]', '/live/../', '/live/..-hd/'],
    ['[stream]_x', '/live/[app]', '/live/[app]_x'],
    ['[stream]_x', '/live/-i', '/live/-i_x'],
    ['[stream]_x', '/live/$&', '/live/$&_x'],
  ])('%s makes of %s %s', (template, streamPath, made) => {
    expect(new StreamTemplate(template).expand(streamPath)).toBe(made)
  })

  it.each(['[name]_x', '[stream', '', 'a//b', '/[stream]', 'hd/'])('%s is none', (template) => {
    expect(() => new StreamTemplate(template)).toThrow(TypeError)
  })
})

describe('an output that would be its own input', () => {
  it.each([
    ['[stream]', '*'],
    ['[app]/[stream]', 'live/*'],
    ['live/[stream]', '*'],
    ['live/[stream]', 'live/*'],
    ['live/[stream]', 'li*'],
    ['live/[stream]', 'live/cam*'],
    ['live/show', 'live/show'],
    ['[stream]', 'live/show'],
    ['[stream]/[stream]', '*'],
    ['live/main', 'live/*'],
    ['[app]/main', '*'],
  ])('%s for %s is refused', (template, pattern) => {
    expect(new StreamTemplate(template).conflictWith(new StreamPattern(pattern))).toMatch(/./)
  })

  it.each([
    ['[stream]_720p', '*'],
    ['hd/[stream]', 'live/*'],
    ['[app]-hd/[stream]', '*'],
    ['[app]/hd/[stream]', '*'],
    ['live/main', 'live/show'],
    ['main', 'live/show'],
  ])('%s for %s is not', (template, pattern) => {
    expect(new StreamTemplate(template).conflictWith(new StreamPattern(pattern))).toBeUndefined()
  })
})
