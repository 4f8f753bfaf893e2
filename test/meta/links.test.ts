import { existsSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it } from 'vitest'
import { filesBelow, readText, ROOT } from '../support/project.ts'

const PACKED = ['README.md', ...filesBelow('docs').filter((file) => file.endsWith('.md'))]
const COMMUNITY = filesBelow('.github').filter((file) => file.endsWith('.md'))
const PAGES = [...PACKED, 'CHANGELOG.md', ...COMMUNITY]

/** A relative link of a page. */
interface Link {
  readonly from: string
  readonly target: string
  readonly anchor: string
}

const links: Link[] = PAGES.flatMap((from) =>
  Array.from(withoutCode(readText(from)).matchAll(/\]\(([^)\s]+)\)/g), ([, to]) => to!)
    .filter((to) => !/^[a-z]+:/.test(to))
    .map((to) => {
      const [path = '', anchor = ''] = to.split('#')
      return { from, target: path === '' ? from : normalize(join(dirname(from), path)), anchor }
    }),
)

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
}

/** The anchors of a page's headings, as GitHub and TypeDoc make them. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading] of readText(page)
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .matchAll(/^#+ (.+)$/gm)) {
    const anchor = heading!
      .toLowerCase()
      .replaceAll(/\]\([^)]*\)/g, '')
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-')
    anchors.add(anchor)
  }
  return anchors
}

it('every relative link of a page leads to a file, and to a heading of it', () => {
  const dead = links.filter(({ target, anchor }) => {
    if (!existsSync(join(ROOT, target))) return true
    return anchor !== '' && target.endsWith('.md') && !anchorsOf(target).has(anchor)
  })
  expect(dead.map(({ from, target, anchor }) => `${from}: ${target}#${anchor}`)).toEqual([])
})

it('what a page of the package links to is in the package', () => {
  const { files } = JSON.parse(readText('package.json')) as { files: string[] }
  const packed = ['README.md', 'LICENSE', 'package.json', ...files.filter((entry) => !entry.startsWith('!'))]
  const outside = links.filter(
    ({ from, target }) =>
      PACKED.includes(from) && !packed.some((entry) => target === entry || target.startsWith(`${entry}/`)),
  )
  expect(outside.map(({ from, target }) => `${from}: ${target}`)).toEqual([])
})

it('the site has every page, in an order of its own', () => {
  const { projectDocuments } = JSON.parse(readText('typedoc.json')) as { projectDocuments: string[] }
  const named = projectDocuments.flatMap((entry) =>
    entry.endsWith('/*.md') ? filesBelow(dirname(entry)) : [entry],
  )
  expect(named.toSorted()).toEqual(PACKED.filter((page) => page !== 'README.md'))
  expect(named.filter((page) => !statSync(join(ROOT, page)).isFile())).toEqual([])
})
