import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { codeSpans, filesBelow, readText, ROOT, tableRows } from '../support/project.ts'

const rows = tableRows('docs/reference/specifications.md').map(({ heading, cells }) => ({
  where: `${heading}: ${cells[1]}`,
  section: cells[0] ?? '',
  files: codeSpans(cells[2] ?? ''),
}))

it('every row names files that exist and that cite its sections', () => {
  const wrong: string[] = []
  for (const { where, section, files } of rows) {
    if (files.length === 0) wrong.push(`${where}: no file`)
    const missing = files.filter((file) => !existsSync(join(ROOT, file)))
    if (missing.length > 0) wrong.push(`${where}: no ${missing.join()}`)
    const text = files
      .filter((file) => !missing.includes(file))
      .map(readText)
      .join('\n')
    for (const [cited] of section.matchAll(/§[\w.]+|RFC \d+|Table [\d-.]+|Annex [\w.]+/g))
      if (!text.includes(cited)) wrong.push(`${where}: ${files.join()} does not cite ${cited}`)
  }
  expect(wrong).toEqual([])
})

it('every file whose head cites a specification has a row', () => {
  const named = new Set(rows.flatMap(({ files }) => files))
  const missing = filesBelow('src').filter((file) => {
    if (!file.endsWith('.ts') || file.endsWith('/index.ts') || named.has(file)) return false
    const head = /^\/\*\*[\s\S]*?\*\//.exec(readText(file))?.[0] ?? ''
    return /§|\bRFC \d|\bAnnex [A-Z]|Enhanced RTMP v2/.test(head)
  })
  expect(missing).toEqual([])
})
