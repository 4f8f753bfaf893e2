import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { codeSpans, filesBelow, ROOT, tableRows } from '../support/project.ts'

const tests = tableRows('docs/reference/interop.md').map(({ cells }) => ({
  oddity: cells[1] ?? '',
  files: codeSpans(cells[3] ?? ''),
}))

it('every row names a test file that exists', () => {
  const wrong: string[] = []
  for (const { oddity, files } of tests) {
    if (files.length === 0) wrong.push(`no test: ${oddity}`)
    for (const file of files) if (!existsSync(join(ROOT, file))) wrong.push(`no file ${file}: ${oddity}`)
  }
  expect(wrong).toEqual([])
})

it('every quirk test has a row', () => {
  const named = new Set(tests.flatMap(({ files }) => files))
  const quirks = existsSync(join(ROOT, 'test/quirks')) ? filesBelow('test/quirks') : []
  expect(quirks.filter((file) => file.endsWith('.test.ts') && !named.has(file))).toEqual([])
})
