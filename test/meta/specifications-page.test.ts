import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { codeSpans, filesBelow, ROOT, tableRows } from '../support/project.ts'

const PAGE = 'docs/reference/specifications.md'
const files = tableRows(PAGE).map(({ heading, cells }) => ({
  heading,
  cells,
  files: codeSpans(cells.at(-1) ?? ''),
}))

/** Folders whose job is a specification. */
const SPECIFIED = [
  'amf0',
  'codec',
  'media',
  'flv',
  'mpegts',
  'handshake',
  'chunk',
  'rtmp',
  'hls',
  'websocket',
]

it('every row names files that exist', () => {
  const wrong: string[] = []
  for (const row of files) {
    if (row.files.length === 0) wrong.push(`no file: ${row.heading}: ${row.cells[0]}`)
    for (const file of row.files) if (!existsSync(join(ROOT, file))) wrong.push(`${row.cells[0]}: no ${file}`)
  }
  expect(wrong).toEqual([])
})

it('every file that implements a specification has a row', () => {
  const named = new Set(files.flatMap((row) => row.files))
  const missing = SPECIFIED.flatMap((folder) =>
    existsSync(join(ROOT, 'src', folder)) ? filesBelow(`src/${folder}`) : [],
  ).filter(
    (file) => !file.endsWith('/index.ts') && !named.has(file) && !named.has(file.replace(/[^/]+$/, '')),
  )
  expect(missing).toEqual([])
})
