// Runs before `npm start`, `npm test` and friends: installs the dependencies of a fresh clone, then steps aside.
// Plain JavaScript, Node built-ins only.
//
//   node .ci/install.mjs                     the package itself
//   node .ci/install.mjs test/interop/peers  a folder with a package.json and a lock file of their own
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`millrace needs Node 20.19 or newer; this is ${process.version}`)
  process.exit(1)
}

/** The lock file that npm leaves says what it installed: up to date when every locked package is there. */
function installed(folder) {
  const seen = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(seen)) return false
  const want = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages
  const have = JSON.parse(readFileSync(seen, 'utf8')).packages
  return Object.entries(want).every(
    ([path, entry]) => path === '' || entry.optional || entry.peer || have[path]?.version === entry.version,
  )
}

function install(name) {
  const folder = join(root, name)
  if (installed(folder)) return
  console.error(`Installing the dependencies of ${name === '.' ? 'millrace' : name} (npm ci)...`)
  // The peers' install scripts fetch or compile what is in their packages already.
  const args = [
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...(name === '.' ? [] : ['--ignore-scripts']),
  ]
  const npm = process.env.npm_execpath
  const run = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: folder, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' })
  if (run.status !== 0) process.exit(run.status ?? 1)
}

const names = process.argv.slice(2)
for (const name of names.length > 0 ? names : ['.']) install(name)
