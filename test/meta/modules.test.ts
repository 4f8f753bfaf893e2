import { expect, it } from 'vitest'
import { filesBelow, readText } from '../support/project.ts'

/** The groups of the documentation's table of contents: the layers, by what they are for. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  Overview: ['millrace'],
  Ground: ['errors', 'bytes'],
  Formats: ['amf0', 'codec', 'media', 'flv', 'mpegts', 'mp4', 'segment'],
  Protocols: ['handshake', 'chunk', 'rtmp', 'hls', 'websocket', 'sdp', 'rtp', 'srt'],
  Hub: ['hub'],
  Node: ['node', 'packaging'],
  Services: ['services'],
}

const indexes = filesBelow('src').filter((file) => file.endsWith('/index.ts'))

it('every entry point says what its module is, and to which group it belongs', () => {
  const wrong: string[] = []
  for (const file of indexes) {
    const folder = file.split('/').slice(1, -1).join('/')
    const comment = /^\/\*\*([\s\S]*?)\*\//.exec(readText(file))?.[1] ?? ''
    const name = /@module (\S+)/.exec(comment)?.[1]
    const group = /@group (\S+)/.exec(comment)?.[1]
    if (group === undefined || !GROUPS[group]?.includes(folder.split('/')[0] || 'millrace'))
      wrong.push(`${file}: @group ${group}`)
    if (name !== (folder || 'millrace')) wrong.push(`${file}: @module ${name}`)
  }
  expect(wrong).toEqual([])
})

it('entry points name what they export', () => {
  // `export *` hides what is public, and what a change makes public.
  expect(indexes.filter((file) => /^export \*/m.test(readText(file)))).toEqual([])
})
