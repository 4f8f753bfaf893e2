import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { filesBelow, readText, ROOT } from '../support/project.ts'

/** A `ts` block of a page, or of the TSDoc of a source file. */
interface Block {
  readonly where: string
  readonly code: string
  /** `examples/x.ts#region` that a page says the block is taken from. */
  readonly from: string | undefined
}

const FENCE = /(?:<!-- from (\S+) -->\n+)?^```ts\n([\s\S]*?)^```$/gm

function blocksOf(file: string, text: string): Block[] {
  return Array.from(text.matchAll(FENCE), (match) => ({
    where: `${file}:${text.slice(0, match.index).split('\n').length}`,
    code: match[2]!,
    from: match[1],
  }))
}

/** Comments as Markdown, every line where it was. */
function commentsOf(text: string): string {
  return text.replaceAll(/\/\*\*[\s\S]*?\*\/|[^\n]+/g, (part) =>
    part.startsWith('/**') ? part.replaceAll(/^[ \t]*\* ?/gm, '') : '',
  )
}

function regionOf(from: string): string {
  const [file, region] = from.split('#') as [string, string | undefined]
  if (!existsSync(join(ROOT, file))) return `there is no ${file}`
  const text = readText(file)
  if (region === undefined) return text
  const match = new RegExp(`^[ \\t]*// #region ${region}\\n([\\s\\S]*?)^[ \\t]*// #endregion`, 'm').exec(text)
  if (match === null) return `${file} has no region ${region}`
  const lines = match[1]!.split('\n')
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)![0].length)
  const indent = Math.min(...indents)
  return lines.map((line) => line.slice(indent)).join('\n')
}

const pages = ['README.md', ...filesBelow('docs').filter((file) => file.endsWith('.md'))]
const blocks = [
  ...pages.flatMap((page) => blocksOf(page, readText(page))),
  ...filesBelow('src')
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => blocksOf(file, commentsOf(readText(file))))
    // A member's example may be a fragment; a module's is whole.
    .filter(({ where, code }) => where.includes('/index.ts:') || /^import /m.test(code)),
]

it('blocks that come from an example are what the example says', () => {
  const wrong = blocks.filter(({ from, code }) => from !== undefined && code !== regionOf(from))
  expect(wrong.map(({ where, from }) => `${where} differs from ${from}: ${regionOf(from!)}`)).toEqual([])
})

it('every ts block of README, docs and TSDoc type-checks', { timeout: 60_000 }, () => {
  const folder = join(ROOT, '.build/snippets')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { where, code, from } of blocks) {
    if (from !== undefined) continue // Its example is compiled.
    writeFileSync(join(folder, `${where.replaceAll(/[^\w.]+/g, '-')}.ts`), code)
  }
  // A block may show a value that it does not use.
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'], exclude: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'none.ts'), 'export {}\n')
  const tsc = join(
    dirname(createRequire(import.meta.url).resolve('@typescript/native/package.json')),
    'bin/tsc',
  )
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  // What the blocks import is checked by `npm run types`.
  const own = stdout
    .split('\n')
    .filter((line) => line.startsWith('.build/snippets') || line.startsWith('error'))
  expect(stderr).toBe('')
  expect(own).toEqual([])
})
