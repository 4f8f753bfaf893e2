import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { filesBelow, readText, ROOT } from '../support/project.ts'

const TOP_LEVEL = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'docs',
  'examples',
  'package-lock.json',
  'package.json',
  'src',
  'test',
  'tsconfig.json',
  'typedoc.json',
  'vitest.config.ts',
]
/** Made by the scripts, ignored by git. */
const MADE = new Set(['node_modules', 'dist', 'api', 'coverage'])

it('the top level is what the README describes', () => {
  const found = readdirSync(ROOT).filter(
    (name) => !name.startsWith('.') && !MADE.has(name) && !name.endsWith('.tgz'),
  )
  expect(found.toSorted()).toEqual(TOP_LEVEL)
})

/** Written so that this file does not contain them. */
const FORBIDDEN: readonly [string, RegExp][] = [
  ['a path of one machine', new RegExp(String.raw`(?<![\w.$}/-])/(?:wo${''}rk|ro${''}ot|ho${''}me)/\w`)],
  ['an open end', new RegExp(String.raw`\b(?:TO${''}DO|FIX${''}ME|XX${''}X)\b`)],
  ['a registry host', new RegExp(String.raw`registry\.(?:npm${''}js|yarn${''}pkg)|deb\.deb${''}ian\.org`)],
  ['a test that is left out', new RegExp(String.raw`\b(?:it|test|describe)\.(?:on${''}ly|to${''}do)\b`)],
  ['a silenced type error', new RegExp(String.raw`@ts-(?:ig${''}nore|no${''}check|expect-er${''}ror)`)],
]

it('no file has what belongs elsewhere', () => {
  const files = [
    ...['.ci', '.github', 'src', 'test', 'docs', 'examples'].flatMap(filesBelow),
    ...TOP_LEVEL.filter((name) => /\.(?:md|json|ts)$/.test(name)),
  ].filter((file) => !/\.(?:flv|ts\.bin|bin|mp4|png|ico|pcap)$/.test(file))
  const wrong: string[] = []
  for (const file of files) {
    const lines = readText(file).split('\n')
    for (const [what, pattern] of FORBIDDEN) {
      const at = lines.findIndex((line) => pattern.test(line))
      if (at >= 0) wrong.push(`${file}:${at + 1}: ${what}: ${lines[at]!.trim().slice(0, 100)}`)
    }
  }
  expect(wrong).toEqual([])
})
