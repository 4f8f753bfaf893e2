/** `include` in the configuration file. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished, test, vi } from 'vitest'
import { filesOf, loadConfig } from '../../examples/server/config/config.ts'
import { watchConfig } from '../../examples/server/reloader.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Writes files into a folder of their own. @returns the path of a name in it. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<(name: string) => string> {
  const folder = await tempFolder()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return (name) => join(folder, name)
}

test('keys are put together: the file before what it includes, the last of several first, lists whole', async () => {
  const path = await folderOf({
    'server.yaml': `
include: [common.yaml, conf.d/site.json]
rtmp: { port: 1 }
publishKeys: [{ key: main, stream: /live/main }]
vhosts: { a.test: { hub: { gops: 4 } } }
`,
    'common.yaml': `
rtmp: { port: 2, host: 127.0.0.2 }
http: { port: 3 }
publishKeys: [{ key: a, stream: /live/a }, { key: b, stream: /live/b }]
hub: { graceMs: 5 }
record: { directory: /srv/recordings }
`,
    'conf.d/site.json': '{ "include": "deep/more.yaml", "http": { "port": 4 }, "record": false }',
    'conf.d/deep/more.yaml': 'vhosts: { a.test: { aliases: [b.test] } }\nhub: { gops: 2 }\n',
  })
  const { rtmp, http, vhosts } = loadConfig(path('server.yaml'))
  expect([rtmp.port, rtmp.host, http.port]).toEqual([1, '127.0.0.2', 4])
  const [all, named] = vhosts
  expect(all!.config.publishKeys).toEqual([{ key: 'main', stream: '/live/main' }])
  expect(all!.config.hub).toMatchObject({ graceMs: 5, gops: 2 })
  expect(all!.config.record).toBeUndefined()
  expect(named).toMatchObject({
    name: 'a.test',
    aliases: ['b.test'],
    config: { hub: { graceMs: 5, gops: 4 } },
  })
  expect(filesOf(path('server.yaml'))).toEqual(
    ['server.yaml', 'conf.d/site.json', 'conf.d/deep/more.yaml', 'common.yaml'].map(path),
  )
})

it.each<[name: string, files: Record<string, string>, fault: RegExp]>([
  [
    'a wrong value',
    { 'server.yaml': 'include: a.yaml\n', 'a.yaml': '\nrtmp:\n  port: x\n' },
    /a\.yaml:3: rtmp\.port: Invalid input: expected number, received string$/,
  ],
  [
    'an unknown key',
    { 'server.yaml': 'include: a.yaml\nrtmp: {}\n', 'a.yaml': 'rtmp:\n  prot: 1\n' },
    /a\.yaml:2: unknown key rtmp\.prot, did you mean port\?$/,
  ],
  ['no YAML', { 'server.yaml': 'include: a.yaml\n', 'a.yaml': 'a: [' }, /a\.yaml: /],
  [
    'no keys',
    { 'server.yaml': 'include: a.yaml\n', 'a.yaml': '- a\n' },
    /a\.yaml: the file: must have keys and values$/,
  ],
  [
    'no file',
    { 'server.yaml': 'rtmp: {}\ninclude: a.yaml\n' },
    /server\.yaml:2: include: cannot read a\.yaml: ENOENT/,
  ],
  [
    'itself',
    { 'server.yaml': 'include: server.yaml\n' },
    /server\.yaml:1: include: server\.yaml includes itself$/,
  ],
  [
    'a circle',
    { 'server.yaml': 'include: a.yaml\n', 'a.yaml': 'include: server.yaml\n' },
    /a\.yaml:1: include: server\.yaml includes itself$/,
  ],
  [
    'no text',
    { 'server.yaml': 'include: [5]\n' },
    /server\.yaml:1: include: must be a file or a list of files$/,
  ],
])('%s is told with its file and line', async (_, files, fault) => {
  const path = await folderOf(files)
  expect(() => loadConfig(path('server.yaml'))).toThrow(fault)
})

test('what is included is watched too, also from when it is included on', async () => {
  const path = await folderOf({ 'server.yaml': 'include: a.yaml', 'a.yaml': '', 'b.yaml': '' })
  const changed = vi.fn<() => void>()
  onTestFinished(watchConfig(path('server.yaml'), changed, 10))
  for (const [name, text] of [
    ['a.yaml', 'hub: {}'],
    ['server.yaml', 'include: b.yaml'],
    ['b.yaml', 'hub: {}'],
  ] as const) {
    changed.mockClear()
    await vi.waitFor(async () => {
      await writeFile(path(name), text)
      expect(changed).toHaveBeenCalled()
    })
  }
})
