// The public API as text, so that a change of it shows in a review: every name that an entry point exports, with its declaration as
// it was built, without comments and private members.
//
//   node .ci/api-report.mjs            writes test/types/api.txt from dist
//   node .ci/api-report.mjs --check    fails if that is not what dist has
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '..')
const file = join(root, 'test/types/api.txt')

const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const entries = Object.entries(exports)
  .filter(([, target]) => target.types !== undefined)
  .map(([path, target]) => ({ id: name + path.slice(1), file: join(root, target.types) }))

const program = ts.createProgram(
  entries.map((entry) => entry.file),
  { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, types: [], skipLibCheck: true },
)
const checker = program.getTypeChecker()
const printer = ts.createPrinter({ removeComments: true, omitTrailingSemicolon: true })

/** Where each declaration was listed first: an entry point that exports it again only names it. */
const listed = new Map()

/** Members that only the class itself sees. */
const isPrivate = (member) =>
  (member.name !== undefined && ts.isPrivateIdentifier(member.name)) ||
  (ts.canHaveModifiers(member) &&
    ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) === true)

function withoutPrivateMembers(node) {
  if (!ts.isClassDeclaration(node)) return node
  const members = node.members.filter((member) => !isPrivate(member))
  const { modifiers, name, typeParameters, heritageClauses } = node
  return ts.factory.updateClassDeclaration(node, modifiers, name, typeParameters, heritageClauses, members)
}

function textOf(declaration) {
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
  return printer
    .printNode(ts.EmitHint.Unspecified, withoutPrivateMembers(node), node.getSourceFile())
    .replace(/^(?:export )?(?:declare )?/, '')
}

function sectionOf({ id, file }) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file))
  const lines = checker
    .getExportsOfModule(module)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const [first] = symbol.declarations ?? []
      if (first === undefined)
        throw new Error(`${id} exports ${exported.name}, which is @internal: its declaration is stripped`)
      const elsewhere = listed.get(symbol)
      if (elsewhere !== undefined) return `${exported.name}: as in ${elsewhere}`
      listed.set(symbol, id)
      return symbol.declarations.map(textOf).join('\n')
    })
  return [`# ${id}`, ...lines].join('\n\n')
}

if (entries.some((entry) => !existsSync(entry.file))) throw new Error('dist is not complete: npm run build')
// The root exports again what its folders do, and is named last.
const [index, ...folders] = entries
const sections = [...folders, index].map(sectionOf)
const report = `${sections.join('\n\n')}\n`

if (!process.argv.includes('--check')) writeFileSync(file, report)
else if (!existsSync(file) || readFileSync(file, 'utf8') !== report) {
  const old = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [])
  const now = new Set(report.split('\n'))
  for (const line of old) if (!now.has(line)) console.error(`- ${line}`)
  for (const line of now) if (!old.has(line)) console.error(`+ ${line}`)
  console.error('The public API is not that of test/types/api.txt. If that is meant: npm run api:report')
  process.exit(1)
}
