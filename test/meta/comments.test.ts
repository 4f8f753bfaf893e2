import { expect, it } from 'vitest'
import { filesBelow, readText } from '../support/project.ts'

/** Widest comment, columns: that of code, which oxfmt wraps. */
const WIDTH = 110

/** Rooms whose comments keep to it; a room joins once it does. */
const ROOMS = [
  ...['errors', 'bytes', 'amf0', 'flv', 'mp4', 'handshake', 'chunk', 'rtmp', 'websocket'],
  ...['statistics', 'metrics'].map((name) => `services/${name}`),
]

/** Lines of `text` that are a comment alone; examples and the fields of a layout are as wide as they are. */
function commentLines(text: string): { readonly line: number; readonly comment: string }[] {
  let isExample = false
  return text.split('\n').flatMap((comment, i) => {
    if (/^\s*\* ```/.test(comment)) isExample = !isExample
    const isProse = /^\s*(?:\/\/|\/?\*)/.test(comment) && !/^\s*\* \|/.test(comment) && !isExample
    return isProse ? [{ line: i + 1, comment }] : []
  })
}

it('finds comments, and leaves out examples and layouts', () => {
  const text =
    '/** A. */\n/**\n * B\n * ```ts\n * example\n * ```\n * | size 24\n */\ncode() // no line of its own\n// C'
  expect(commentLines(text).map(({ line }) => line)).toEqual([1, 2, 3, 6, 8, 10])
})

it.each(ROOMS)('comments of %s are at most as wide as code', (room) => {
  const files = filesBelow(`src/${room}`).filter((file) => file.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(0)
  const wide = files.flatMap((file) =>
    commentLines(readText(file))
      .filter(({ comment }) => comment.length > WIDTH)
      .map(({ line, comment }) => `${file}:${line}: ${comment.length} columns`),
  )
  expect(wide).toEqual([])
})
