import { ERROR_CODES } from 'millrace/errors'
import { expect, it } from 'vitest'
import { codeSpans, filesBelow, readText, tableRows } from '../support/project.ts'

/** An option as the code documents it. */
interface Option {
  readonly folder: string
  readonly name: string
  readonly file: string
  /** Text after `@defaultValue`, `undefined` where there is none. */
  readonly default: string | undefined
}

const BOUND = /^max[A-Z]|TimeoutMs$/
const MEMBER = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:readonly\s+)?(\w+)\?:/g

const options: Option[] = filesBelow('src')
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) =>
    Array.from(readText(file).matchAll(MEMBER), ([, comment, name]) => ({
      folder: file.split('/')[1]!,
      name: name!,
      file,
      default: /@defaultValue\s+([^\n@]+?)\s*(?:\*\s*)?(?=\n|@|$)/.exec(comment!)?.[1],
    })),
  )

const rows = tableRows('docs/reference/limits.md').map(({ heading, cells }) => ({
  folder: heading.replaceAll('`', ''),
  name: codeSpans(cells[0] ?? '')
    .join()
    .split('.')
    .at(-1)!,
  default: (cells[1] ?? '').replaceAll('`', ''),
  codes: codeSpans(cells[2] ?? ''),
  text: cells[3] ?? '',
}))

/** `67_108_864 (64 MiB)`, `67,108,864` and `67108864` are the same default; words are compared as they are. */
function numberOf(text: string): number | undefined {
  const digits = /^[\d][\d_,]*(?:\.\d+)?/.exec(text)?.[0]
  return digits === undefined ? undefined : Number(digits.replaceAll(/[_,]/g, ''))
}

it('every row names an option of its folder, with its default and codes that exist', () => {
  const wrong: string[] = []
  for (const row of rows) {
    const named = options.filter((option) => option.folder === row.folder && option.name === row.name)
    if (named.length === 0) wrong.push(`${row.folder}: no option ${row.name}`)
    else if (!named.some((option) => numberOf(option.default ?? '') === numberOf(row.default)))
      wrong.push(`${row.folder}: ${row.name} defaults to ${named[0]!.default}, not ${row.default}`)
    for (const code of row.codes) if (!(code in ERROR_CODES)) wrong.push(`${row.name}: no code ${code}`)
    if (row.text === '') wrong.push(`${row.name}: does not say what it bounds`)
  }
  expect(wrong).toEqual([])
})

it('every bound among the options says its default', () => {
  const silent = options.filter((option) => BOUND.test(option.name) && option.default === undefined)
  expect(silent.map((option) => `${option.file}: ${option.name}`)).toEqual([])
})

it('every bound among the options has a row', () => {
  const missing = options.filter((option) => {
    if (!BOUND.test(option.name)) return false
    // An option that only hands a bound on ("the hub's `maxLagMs`") is covered where the bound is set.
    const handedOn = numberOf(option.default ?? '') === undefined
    return !rows.some((row) => row.name === option.name && (handedOn || row.folder === option.folder))
  })
  expect(missing.map((option) => `${option.file}: ${option.name}`)).toEqual([])
})
