import { expect, it } from 'vitest'
import { filesBelow, readText } from '../support/project.ts'

const indexes = filesBelow('src').filter((file) => file.endsWith('/index.ts'))

it('every entry point says what its module is', () => {
  const wrong: string[] = []
  for (const file of indexes) {
    const folder = file.split('/').slice(1, -1).join('/')
    const comment = /^\/\*\*([\s\S]*?)\*\//.exec(readText(file))?.[1] ?? ''
    const name = /@module (\S+)/.exec(comment)?.[1]
    if (name !== (folder || 'millrace')) wrong.push(`${file}: @module ${name}`)
  }
  expect(wrong).toEqual([])
})

it('entry points name what they export', () => {
  // `export *` hides what is public, and what a change makes public.
  expect(indexes.filter((file) => /^export \*/m.test(readText(file)))).toEqual([])
})
