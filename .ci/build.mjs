// Builds what changed since it was built, and says so. Plain JavaScript, Node built-ins and the pinned compiler only.
//
//   node .ci/build.mjs             the package: `src` to `dist`
//   node .ci/build.mjs examples    the package, then the examples: `examples` to `.build/examples`
//
// A build is written beside the last one and takes its place when it is complete: a server that runs from the last one, and
// a build that fails, keep it.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whileLocked } from './lock.mjs'

const root = join(import.meta.dirname, '..')

/** What every build depends on besides its folders. */
const SETTINGS = ['tsconfig.json', 'package.json', 'package-lock.json', '.ci/build.mjs']

const PACKAGE = { project: 'src', out: 'dist', inputs: ['src'], assets: [] }
const EXAMPLES = {
  project: 'examples',
  out: '.build/examples',
  inputs: ['src', 'examples'],
  // What the server reads at run time and the compiler does not copy: the page and the demo clip.
  assets: ['server/page', 'server/demo.flv'],
}

/** Holds the fingerprint of the sources that a build was made of. */
const STAMP = '.built'

/** Whether `npm start` would have to build. */
export function needsBuild() {
  return !isFresh(PACKAGE) || !isFresh(EXAMPLES)
}

/** Builds the package, and the examples too if asked to. Ends the process if the compiler finds fault. */
export async function build({ examples }) {
  const targets = examples ? [PACKAGE, EXAMPLES] : [PACKAGE]
  if (targets.every(isFresh)) return
  await whileLocked(() => {
    for (const target of targets) if (!isFresh(target)) compile(target)
  })
}

function isFresh({ out, inputs }) {
  const stamp = join(root, out, STAMP)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprintOf(inputs)
}

function fingerprintOf(inputs) {
  const hash = createHash('sha256')
  const add = (path) =>
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0')
  for (const path of SETTINGS) add(path)
  for (const input of inputs) for (const path of filesBelow(input)) add(path)
  return hash.digest('hex')
}

function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted()
}

function compile({ project, out, inputs, assets }) {
  console.error(
    `Building ${out}: ${existsSync(join(root, out)) ? `${project} has changed` : 'it is not there'}...`,
  )
  const fingerprint = fingerprintOf(inputs)
  const target = join(root, out)
  // At the depth of the target, since source maps name the sources by relative paths.
  const next = join(dirname(target), `.next-${project}`)
  rmSync(next, { recursive: true, force: true })
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('@typescript/native/package.json')),
    'bin/tsc',
  )
  const { status } = spawnSync(process.execPath, [compiler, '-p', project, '--outDir', next], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) {
    rmSync(next, { recursive: true, force: true })
    process.exit(1)
  }
  for (const asset of assets) cpSync(join(root, project, asset), join(next, asset), { recursive: true })
  writeFileSync(join(next, STAMP), fingerprint)
  replace(target, next)
}

function replace(target, next) {
  mkdirSync(dirname(target), { recursive: true })
  const last = `${next}-last`
  rmSync(last, { recursive: true, force: true })
  if (existsSync(target)) renameSync(target, last)
  renameSync(next, target)
  rmSync(last, { recursive: true, force: true })
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await build({ examples: process.argv.includes('examples') })
