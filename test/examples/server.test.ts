import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { launchChromium } from '../interop/peers/chromium.ts'
import { probePackets } from '../support/ffprobe.ts'
import { run, type RunningProcess, start } from '../support/process.ts'
import { ROOT } from '../support/project.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { itWithTool } from '../support/tools.ts'

const MAIN = join(ROOT, '.build/examples/server/main.js')
const PORTS = ['--host', '127.0.0.1', '--rtmp-port', '0', '--http-port', '0']

interface Server {
  readonly process: RunningProcess
  readonly rtmp: string
  readonly http: string
}

async function listening(process: RunningProcess, timeoutMs?: number): Promise<Server> {
  const [, rtmp] = await process.waitForOutput(/^listening (rtmp:\S+)$/m, timeoutMs)
  const [, http] = await process.waitForOutput(/^listening (http:\S+)$/m)
  return { process, rtmp: rtmp!, http: http! }
}

function startServer(...flags: string[]): Promise<Server> {
  return listening(start(process.execPath, [MAIN, ...PORTS, ...flags]))
}

it('npm start builds and listens', async () => {
  const { http, process } = await listening(start('npm', ['start', '--', ...PORTS], { group: true }), 50_000)
  expect((await fetch(http)).status).toBe(200)
  await process.stop()
})

it('ends without a trace when it is told to', async () => {
  const { process } = await startServer('--demo')
  await process.waitForOutput(/publish \/live\/demo/)
  const { code, stderr } = await process.stop()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

it('names a mistake in the configuration', async () => {
  const file = join(await tempFolder(), 'config.yaml')
  await writeFile(file, 'rtmp:\n  prot: 1935\n')
  const { code, stderr } = await run(process.execPath, [MAIN, '--config', file, '--check'])
  expect(code).not.toBe(0)
  expect(stderr).toContain('prot')
  expect(stderr).toContain('port')
})

itWithTool('ffprobe', 'ffprobe plays the demo from every door', async () => {
  const { rtmp, http } = await startServer('--demo')
  const probe = (url: string): Promise<string[]> => probePackets(url, ['-read_intervals', '%+2'])
  for (const url of [
    `${rtmp}/live/demo`,
    `${http}/live/demo.flv`,
    `${http}/live/demo.ts`,
    `${http}/live/demo.m3u8`,
  ]) {
    const codecs = (await probe(url)).map((stream) => stream.split(':')[0]!)
    expect({ url, codecs: codecs.toSorted() }).toEqual({ url, codecs: ['aac', 'h264'] })
  }
})

itWithTool('chromium', 'the page lists the demo and plays it over HTTP-FLV and HLS', async () => {
  const { http } = await startServer('--demo')
  const browser = await launchChromium()
  try {
    const page = await browser.context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(http)
    for (const protocol of ['flv', 'hls']) {
      await page.locator(`[data-play=${protocol}]`).click()
      const played = `(({ currentTime, videoWidth }) => currentTime > 1 && videoWidth)(document.querySelector('video'))`
      await vi.waitFor(async () => expect(await page.evaluate(played)).toBe(640), {
        timeout: 20_000,
        interval: 250,
      })
      await page.locator('#stop').click()
    }
    expect(complaints).toEqual([])
  } finally {
    await browser.close()
  }
})

it('reads its file again on SIGHUP, and on SIGQUIT lets everybody leave', async () => {
  const folder = await tempFolder()
  const [file, pidFile] = [join(folder, 'config.yaml'), join(folder, 'pid')]
  const yaml = `logFormat: json\npidFile: ${pidFile}\ndrainMs: 60000\n`
  await writeFile(file, yaml)
  const server = start(process.execPath, [MAIN, ...PORTS, '--config', file])
  await server.waitForOutput(/"event":"listening","url":"http:/)
  const pid = Number(await readFile(pidFile, 'utf8'))
  expect(pid).toBe(server.pid)
  await writeFile(file, `${yaml}vhosts: { a.example: {} }\n`)
  process.kill(pid, 'SIGHUP')
  await server.waitForOutput(/"event":"reload","added":"a\.example"/)
  await writeFile(file, 'vhosts: []\n')
  process.kill(pid, 'SIGHUP')
  await server.waitForOutput(/"event":"reload-failed","fault":".*config\.yaml:1: vhosts/)
  const { code, stderr } = await server.stop('SIGQUIT')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  await expect(readFile(pidFile)).rejects.toThrow('ENOENT')
})
