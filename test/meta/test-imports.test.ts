import { expect, it } from 'vitest'
import { filesBelow, readText } from '../support/project.ts'

/** An import of a source file by its path. */
interface DeepImport {
  readonly file: string
  /** `hub/scheduler.ts` */
  readonly source: string
  readonly names: readonly string[]
}

const DEEP = /^import (?:type )?\{([^}]*)\} from '(?:\.\.\/)+src\/([^']+)'/gm

const imports: DeepImport[] = filesBelow('test')
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) =>
    Array.from(readText(file).matchAll(DEEP), ([, names, source]) => ({
      file,
      source: source!,
      names: names!.split(',').flatMap((name) => /(?:type )?(\w+)/.exec(name.trim())?.[1] ?? []),
    })),
  )

it('tests import by the package’s name what an entry point exports', () => {
  expect(imports.length).toBeGreaterThan(0)
  const wrong = imports.flatMap(({ file, source, names }) => {
    const room = /^(services\/\w[\w-]*(?=\/)|\w+)/.exec(source)![1]!
    if (room === 'services') return []
    const index = readText(`src/${room}/index.ts`).replaceAll(/\/\*[\s\S]*?\*\//g, '')
    return names
      .filter((name) => new RegExp(String.raw`\b${name}\b`).test(index))
      .map((name) => `${file}: ${name} is in millrace/${room}`)
  })
  expect(wrong).toEqual([])
})

it('what runs on the build has the build alone', () => {
  const built = ['test/interop/', 'test/examples/', 'test/types/', 'test/bench/']
  expect(imports.filter(({ file }) => built.some((folder) => file.startsWith(folder)))).toEqual([])
})
