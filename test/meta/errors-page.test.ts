import { ERROR_CODES } from 'millrace/errors'
import { expect, it } from 'vitest'
import { codeSpans, filesBelow, readText, tableRows } from '../support/project.ts'

const PAGE = 'docs/reference/errors.md'
const rows = tableRows(PAGE).map(({ cells }) => ({
  code: codeSpans(cells[0] ?? '').join(),
  class: codeSpans(cells[1] ?? '').join(),
  meaning: cells[2] ?? '',
}))
const sources = filesBelow('src').filter((file) => file.endsWith('.ts'))

it('the page lists every code once, with its meaning, and no other', () => {
  expect(rows.map(({ code, meaning }) => `${code}: ${meaning}`).toSorted()).toEqual(
    Object.entries(ERROR_CODES)
      .map(([code, meaning]) => `${code}: ${meaning}`)
      .toSorted(),
  )
})

it('every code is raised somewhere', () => {
  const raised = new Set<string>()
  for (const file of sources) {
    if (file === 'src/errors/error-codes.ts') continue
    for (const [code] of readText(file).matchAll(/\bERR_[A-Z0-9_]+\b/g)) raised.add(code)
  }
  expect(Object.keys(ERROR_CODES).filter((code) => !raised.has(code))).toEqual([])
})

it('every code has one class, the one on the page', () => {
  const classOf = new Map(rows.map((row) => [row.code, row.class]))
  const wrong: string[] = []
  for (const file of sources) {
    const text = readText(file).replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '')
    for (const [, name, code] of text.matchAll(/\bnew (\w+Error)\(\s*'(ERR_\w+)'/g)) {
      if (classOf.get(code!) !== name) wrong.push(`${file}: ${code} is a ${name}, not ${classOf.get(code!)}`)
    }
  }
  expect(wrong).toEqual([])
})
