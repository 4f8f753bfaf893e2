// The links of the site that `npm run docs` has written: each leads to a page that is there and to an anchor of it, and none to a file
// of this machine or to what a browser shows as text.
//
//   node .ci/check-site.mjs [FOLDER]    `api` unless it is named
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '../api'))
const pages = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.html'),
)
const html = new Map(pages.map((page) => [join(root, page), readFileSync(join(root, page), 'utf8')]))
const anchors = new Map(
  Array.from(html, ([page, text]) => [
    page,
    new Set(Array.from(text.matchAll(/\bid="([^"]*)"/g), ([, id]) => id)),
  ]),
)

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const unescape = (text) => text.replaceAll(/&(\w+|#39);/g, (entity, name) => ENTITIES[name] ?? entity)

/** What is wrong with a link; `undefined` if nothing is. */
function faultOf(page, link) {
  if (/^(?:https?|mailto|data|rtmps?|wss?):/.test(link)) return undefined
  if (/^[{/]|^[a-z]+:|\.(?:json|md|ts)(?:#|$)/i.test(link)) return 'is no address of a page'
  const [path, anchor = ''] = decodeURI(link).split('#')
  const target = path === '' ? page : resolve(dirname(page), path)
  if (!existsSync(target)) return 'leads nowhere'
  if (anchor !== '' && anchors.get(target)?.has(anchor) === false) return 'has an anchor that is not there'
  return undefined
}

const faults = []
let links = 0
for (const [page, text] of html) {
  if (text.includes(`${dirname(root)}/src/`))
    faults.push(`${relative(root, page)}: names a folder of this machine`)
  for (const [, quoted] of text.matchAll(/\b(?:href|src)="([^"]*)"/g)) {
    links++
    const link = unescape(quoted)
    const fault = faultOf(page, link)
    if (fault !== undefined) faults.push(`${relative(root, page)}: ${link.slice(0, 100)} ${fault}`)
  }
}
for (const fault of faults) console.error(fault)
console.log(`${pages.length} pages, ${links} links, ${faults.length} faults`)
if (faults.length > 0 || pages.length === 0) process.exit(1)
