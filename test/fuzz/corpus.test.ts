import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as targets from './targets.ts'

const CORPORA = join(import.meta.dirname, 'corpus')

test('each target has a corpus, and each corpus a target', () => {
  expect(readdirSync(CORPORA).toSorted()).toEqual(Object.keys(targets).toSorted())
})

describe.each(Object.entries(targets))('%s', (name, target) => {
  test('takes every input of its corpus', () => {
    const files = readdirSync(join(CORPORA, name))
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) {
      const bytes = readFileSync(join(CORPORA, name, file))
      expect(bytes.length).toBeLessThanOrEqual(4096)
      target(new Uint8Array(bytes))
    }
  })
})
