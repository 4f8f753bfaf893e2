import { getPriority } from 'node:os'
import { expect, vi } from 'vitest'
import { tempFolder } from '../../support/temp-folder.ts'
import { publish } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

/** A server with one program, that has run for `/live/show`. */
async function withHook(hook: string, section = ''): Promise<TestServer> {
  const server = await startWith(`exec: { hooks: [{ name: one, ${hook} }], ${section} }`)
  await publish(server, '/live/show?key=1')
  return server
}

async function logs({ lines }: TestServer, pattern: RegExp): Promise<RegExpExecArray> {
  return await vi.waitFor(() => {
    const match = pattern.exec(lines.join('\n'))
    expect(match).not.toBeNull()
    return match!
  }, 5_000)
}

tryKeys('exec', {
  async 'hooks[].name'() {
    await logs(
      await withHook('on: publish, command: [sleep, "1000"]'),
      /exec one for \/live\/show: started, pid \d+/,
    )
  },
  async 'hooks[].on'() {
    const server = await withHook('on: unpublish, command: ["true"]')
    expect(server.lines.join('\n')).not.toContain('exec one')
    server.hub.source('/live/show')!.publisher!.kick()
    await logs(server, /exec one for \/live\/show: exited with 0/)
  },
  async 'hooks[].match'() {
    const server = await withHook('on: publish, match: [other/*], command: ["true"]')
    await publish(server, '/other/show')
    await logs(server, /exec one for \/other\/show: started/)
    expect(server.lines.join('\n')).not.toContain('for /live/show')
  },
  async 'hooks[].command'() {
    const test = 'test "$1" = show -a "$2" = "?key=1" -a "$MILLRACE_APP" = live'
    const hook = `on: publish, restart: never, command: [sh, -c, '${test}', x, '[stream]', '[param]']`
    await logs(await withHook(hook), /exec one for \/live\/show: exited with 0/)
    await expect(withHook("on: publish, command: ['[stream]']")).rejects.toThrow(
      'the program must not come from',
    )
    await expect(withHook("on: publish, command: [x, '[name]']")).rejects.toThrow(
      'not a variable of commands',
    )
  },
  async 'hooks[].cwd'() {
    const folder = await tempFolder()
    const command = `[sh, -c, 'test "$PWD" = "${folder}"']`
    await logs(
      await withHook(`on: publish, restart: never, cwd: ${folder}, command: ${command}`),
      /exited with 0/,
    )
  },
  async 'hooks[].restart'() {
    const server = await withHook('on: publish, restart: on-failure, command: ["true"]')
    await logs(server, /exited with 0/)
    expect(server.lines.join('\n').match(/started, pid/g)).toHaveLength(1)
  },
  async 'hooks[].hookTimeoutMs'() {
    const server = await withHook('on: unpublish, hookTimeoutMs: 50, command: [sleep, "1000"]')
    server.hub.source('/live/show')!.publisher!.kick()
    await logs(server, /exec one for \/live\/show: stalled: nothing for 50 ms/)
  },
  async maxWorkers() {
    const server = await withHook('on: publish, command: [sleep, "1000"]', 'maxWorkers: 1')
    await publish(server, '/live/other')
    await logs(server, /exec one for \/live\/other: 1 already running/)
  },
  async maxRestarts() {
    const server = await withHook('on: publish, command: ["false"]', 'maxRestarts: 0')
    await logs(server, /exec one for \/live\/show given up: exited with 1/)
  },
  async niceness() {
    const server = await withHook('on: publish, command: [sleep, "1000"]', 'niceness: 19')
    const [, pid] = await logs(server, /started, pid (\d+)/)
    expect(getPriority(Number(pid))).toBe(19)
  },
})
