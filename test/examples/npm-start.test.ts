/** `npm start` in a checkout of its own: what it builds, when, and what it says before. */
import { appendFile, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type RunningProcess, run, start } from '../support/process.ts'
import { ROOT } from '../support/project.ts'
import { tempFolder } from '../support/temp-folder.ts'

const ANY_PORTS = ['--host', '127.0.0.1', '--rtmp-port', '0', '--http-port', '0']
const BUILDING = /^Building/gm

/** What a clone has that `npm start` looks at, and our dependencies. */
async function checkout(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-checkout-'))
  for (const path of ['.ci', 'src', 'examples', 'package.json', 'package-lock.json', 'tsconfig.json'])
    await cp(join(ROOT, path), join(folder, path), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** What npm runs, without npm: it would not pass signals on to a server whose build it waits for. */
async function startIn(folder: string, ...flags: string[]): Promise<RunningProcess> {
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    scripts: { start: string }
  }
  const [node, ...args] = scripts.start.split(' ')
  expect(node).toBe('node')
  return start(process.execPath, [...args, ...flags], { cwd: folder })
}

const listens = (server: RunningProcess): Promise<RegExpExecArray> =>
  server.waitForOutput(/^listening (http:\S+)$/m, 120_000)

describe('npm start', () => {
  let folder: string
  beforeAll(async () => {
    folder = await checkout()
    return () => rm(folder, { recursive: true })
  })

  it('says before it builds that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    for (const flag of ['--rtmp-port', '--http-port']) {
      const server = await startIn(folder, ...ANY_PORTS, flag, String(port))
      const { code, stderr } = await server.exited
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(
          new RegExp(`^cannot listen on port ${port}: .*--rtmp-port N.*\n$`),
        ) as string,
      })
    }
  })

  it('builds once for two that start together, once more after a change, and else not at all', async () => {
    const two = await Promise.all([startIn(folder, ...ANY_PORTS), startIn(folder, ...ANY_PORTS)])
    const [[, page]] = await Promise.all([listens(two[0]), listens(two[1])])
    const said = two.map((server) => server.stderr).join('')
    expect(said.match(BUILDING)).toHaveLength(2) // the package, the examples
    expect(said).toContain('Building dist: it is not there...')

    const third = await startIn(folder, ...ANY_PORTS)
    await listens(third)
    expect(third.stderr).toBe('')

    await appendFile(join(folder, 'examples/server/main.ts'), '\n// another line\n')
    const fourth = await startIn(folder, ...ANY_PORTS)
    await listens(fourth)
    expect(fourth.stderr.match(BUILDING)).toEqual(['Building'])
    expect(fourth.stderr).toContain('Building .build/examples: examples has changed...')
    // Those that run go on, with all their files.
    expect((await fetch(`${page}/page/app.js`)).status).toBe(200)
  })

  it('names the fault of what does not compile, and keeps the last build', async () => {
    await appendFile(join(folder, 'src/index.ts'), '\nexport const wrong: number = "text"\n')
    const server = await startIn(folder, ...ANY_PORTS)
    const { code, stderr } = await server.exited
    expect(code).toBe(1)
    expect(stderr).toContain('src/index.ts')
    const main = join(folder, '.build/examples/server/main.js')
    const last = start(process.execPath, [main, ...ANY_PORTS])
    await listens(last)
  })
})

it('main.js on an old Node names the version that it needs', async () => {
  const old =
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.8" } })'
  const main = join(ROOT, '.build/examples/server/main.js')
  const { code, stderr } = await run(process.execPath, ['--import', `data:text/javascript,${old}`, main])
  const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    engines: { node: string }
  }
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `millrace needs Node ${engines.node.replace(/^>=([\d.]+)\.0$/, '$1')} or newer; this is 18.20.8\n`,
  })
})

it('npm without network says what is needed, and how to bring it', async () => {
  const folder = await checkout()
  onTestFinished(() => rm(folder, { recursive: true }))
  await rm(join(folder, 'node_modules'))
  const npm = join(await tempFolder(), 'cache')
  const environment = { npm_config_cache: npm, npm_config_registry: 'http://127.0.0.1:9/' }
  const { code, stderr } = await run(process.execPath, ['.ci/install.mjs'], { cwd: folder, env: environment })
  expect(code).toBe(1)
  expect(stderr).toMatch(/Installing \d+ dependencies of millrace/)
  expect(stderr).toMatch(/A fresh clone needs it once, for the \d+ packages of package-lock\.json/)
})
