/** A server that is stopped for longer than its timeouts, with real encoders and players, and ports that hear nothing. */
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { clipPath } from '../support/clips.ts'
import { type RunningProcess, start } from '../support/process.ts'
import { ROOT } from '../support/project.ts'
import { configFile, startReferenceServer } from '../support/reference-server.ts'
import { itWithTool, requireTool } from '../support/tools.ts'

/** Longer than publishers may be silent (5 s) and than Node keeps an idle HTTP connection (5 s). */
const STANDSTILL_MS = 8_000

const QUIET = ['-v', 'error', '-nostdin']

function encode(url: string): RunningProcess {
  const clip = clipPath('avc-aac-bframes.flv')
  const loop = ['-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy', '-f', 'flv']
  return start(requireTool('ffmpeg'), [...QUIET, ...loop, url])
}

/** Plays without decoding and tells how far it is. */
function watch(url: string): RunningProcess {
  const output = ['-c', 'copy', '-f', 'null', '-progress', 'pipe:1', '-stats_period', '0.2', '-']
  return start(requireTool('ffmpeg'), [...QUIET, '-i', url, ...output])
}

function framesOf({ output }: RunningProcess): number {
  return Number(Array.from(output.matchAll(/^frame=\s*(\d+)/gm)).at(-1)?.[1] ?? 0)
}

/** Waits until every player has got `more` frames from here on. */
async function playOn(players: readonly RunningProcess[], more: number): Promise<void> {
  const before = players.map(framesOf)
  await vi.waitFor(
    () => expect(players.map((player, i) => framesOf(player) - before[i]! >= more)).not.toContain(false),
    { timeout: 40_000, interval: 100 },
  )
}

async function answerTo(url: string, agent: Agent): Promise<number | undefined> {
  const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

itWithTool('ffmpeg', 'SIGSTOP for 8 s: no publisher and no player is lost', async () => {
  const { process: server, rtmp, http } = await startReferenceServer()
  const streams = ['1', '2', '3']
  const encoders = streams.map((name) => encode(`${rtmp}/live/${name}`))
  await server.waitForOutput(/^(?=[^]*live\/1)(?=[^]*live\/2)(?=[^]*live\/3)/)
  const players = streams.flatMap((name) => [
    watch(`${rtmp}/live/${name}`),
    watch(`${http}/live/${name}.flv`),
    watch(`${http}/live/${name}.m3u8`),
  ])
  await playOn(players, 25)
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  expect(await answerTo(http, agent)).toBe(200)
  const before = server.output.length
  server.kill('SIGSTOP')
  const asked = answerTo(http, agent)
  await new Promise((resolve) => setTimeout(resolve, STANDSTILL_MS))
  server.kill('SIGCONT')
  expect(await asked).toBe(200)
  // 15 s of media: past the time that a standstill adds to all limits.
  await playOn(players, 375)
  expect([...encoders, ...players].map(({ output }) => output.replaceAll(/^\w+=.*\n/gm, ''))).toEqual(
    [...encoders, ...players].map(() => ''),
  )
  expect(server.output.slice(before)).not.toMatch(/ERR_|unpublish/)
})

it('a TLS port that hears nothing lets go after 10 s, RTMPS and HTTPS alike', async () => {
  const tls = `tls: { cert: ${join(ROOT, 'test/support/tls/certificate.pem')}, key: ${join(ROOT, 'test/support/tls/key.pem')} }`
  const server = await startReferenceServer(
    '--config',
    await configFile(`rtmp: { ${tls} }\nhttp: { ${tls} }\n`),
  )
  const heldMs = await Promise.all(
    [server.rtmp, server.http].map(async (url) => {
      const socket = connect(Number(new URL(url.replace('rtmps:', 'https:')).port), '127.0.0.1')
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      const sinceMs = performance.now()
      await once(socket.resume(), 'close')
      return performance.now() - sinceMs
    }),
  )
  expect(Math.max(...heldMs)).toBeLessThan(12_000)
  expect(Math.min(...heldMs)).toBeGreaterThan(9_000)
})
