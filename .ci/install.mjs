// Runs before `npm start` and `npm test`: installs the dependencies of a fresh clone, then steps aside.
// Plain JavaScript, Node built-ins only.
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

/** The lock file npm left says what it installed: up to date when every locked package is there. */
function installed() {
  const seen = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(seen)) return false
  const want = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const have = JSON.parse(readFileSync(seen, 'utf8')).packages
  return Object.entries(want).every(
    ([path, entry]) => path === '' || entry.optional || entry.peer || have[path]?.version === entry.version,
  )
}

if (!installed()) {
  console.error('Installing dependencies (npm ci)...')
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const run = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
  if (run.status !== 0) process.exit(run.status ?? 1)
}
