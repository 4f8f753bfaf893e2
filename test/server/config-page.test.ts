/** The reference page of the configuration file is what its schema gives. `npm run docs:config` writes it. */
import { describe, expect, it } from 'vitest'
import { type ConfigKey, type ConfigSection, configSections } from '../support/config-keys.ts'
import { readText } from '../support/project.ts'

const sections = configSections()

/** Units, by the ends of names. */
const UNITS: readonly (readonly [end: string, unit: string])[] = [
  ['Ms', 'ms'],
  ['Sec', 's'],
  ['Kbps', 'kbit/s'],
  ['Bytes', 'bytes'],
]

function unitOf(path: string): string {
  const unit = UNITS.find(([end]) => path.endsWith(end))?.[1]
  return unit === undefined ? '' : `, ${unit}`
}

function row(section: string, { path, type, default: given, isRequired, description }: ConfigKey): string {
  const full = path.startsWith('[]') ? `${section}${path}` : `${section}.${path}`
  const name = section === 'process' ? path : full
  const fallback = given === undefined ? (isRequired ? 'required' : '') : `\`${given}\``
  const cells = [`\`${name}\``, `${type}${unitOf(path)}`, fallback, description]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function chapter({ name, description, reload, keys }: ConfigSection): string {
  // Without code marks: TypeDoc finds no anchor in them.
  return `## ${name === 'process' ? 'The process' : name}

${description}.

After a reload: ${reload.replace(/^[A-Z](?=[a-z ])/, (first) => first.toLowerCase())}.

| Key | Value | Default | Meaning |
|---|---|---|---|
${keys.map((key) => row(name, key)).join('\n')}
`
}

const page = `# Configuration

Every key of the reference server's configuration file, YAML or JSON. This page is made from the schema that the file is checked
with (\`npm run docs:config\`). [Run the reference server](../guides/server.md) shows a file, and how virtual hosts have their
own sections.

${sections.map(chapter).join('\n')}`

it('is the page', async () => {
  await expect(page).toMatchFileSnapshot('../../docs/reference/config.md')
})

describe('each section', () => {
  it.each(sections)('$name says what it is, and each of its keys', ({ name, description, reload, keys }) => {
    expect(description, 'describe() of the section').not.toBe('')
    expect(reload, "meta({ reload: '…' }) of the section").not.toBe('')
    const silent = keys.filter((key) => key.description === '').map(({ path }) => path)
    expect(silent, `describe() of keys of ${name}`).toEqual([])
  })

  it.each(sections)('$name is tried key by key', ({ name }) => {
    expect(readText(`test/server/keys/${name}.test.ts`)).toContain(`tryKeys('${name}', {`)
  })
})
