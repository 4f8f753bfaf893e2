// Runs before `npm start`, `npm test` and friends: installs the dependencies of a fresh clone, then steps aside.
// Plain JavaScript, Node built-ins only.
//
//   node .ci/install.mjs                     the package itself
//   node .ci/install.mjs test/interop/peers  a folder with a package.json and a lock file of their own
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whileLocked } from './lock.mjs'

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

/** npm's codes for a registry that cannot be reached, and for what its cache lacks. */
const OFFLINE =
  /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ENOTCACHED)\b/

function install(name) {
  const folder = join(root, name)
  if (installed(folder)) return
  const { packages: locked } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  // Of the optional ones, a system installs those of its own.
  const packages = Object.entries(locked).filter(([path, { optional }]) => path !== '' && !optional).length
  console.error(`Installing ${packages} dependencies of ${name === '.' ? 'millrace' : name} (npm ci)...`)
  const args = [
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--prefer-offline',
    // With npm's own pauses it takes 80 s to say that there is no network.
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=4000',
    // The peers' install scripts fetch or compile what is in their packages already.
    ...(name === '.' ? [] : ['--ignore-scripts']),
  ]
  const options = { cwd: folder, encoding: 'utf8', stdio: ['inherit', 'inherit', 'pipe'] }
  const npm = process.env.npm_execpath
  const run = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
  process.stderr.write(run.stderr ?? '')
  if (run.status === 0) return
  if (OFFLINE.test(run.stderr ?? '')) {
    console.error(`
No network? A fresh clone needs it once, for the ${packages} packages of ${join(name, 'package-lock.json')}.
Without it: copy ${join(name, 'node_modules')} from a checkout with the same lock file, system and processor,
or fill the cache of npm (npm ci on a machine with network, then copy the folder that "npm config get cache" names).
After that nothing is fetched any more.`)
  }
  process.exit(run.status ?? 1)
}

const names = process.argv.slice(2)
const missing = (names.length > 0 ? names : ['.']).filter((name) => !installed(join(root, name)))
if (missing.length > 0) await whileLocked(() => missing.forEach(install))
