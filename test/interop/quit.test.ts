/** A server that ends as `systemctl stop` with `KillSignal=SIGQUIT` asks: encoders are ffmpeg and the library's own client. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RtmpClient } from 'millrace/node'
import { expect, it, onTestFinished, vi } from 'vitest'
import { clipPath } from '../support/clips.ts'
import { start } from '../support/process.ts'
import { configFile, startReferenceServer } from '../support/reference-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { itWithTool, requireTool } from '../support/tools.ts'

/** Less than the clip, which goes round, and long enough for a player to see that it goes on. */
const DRAIN_MS = 2_000

/** Publishes until the test is over; ffmpeg does not know a ReconnectRequest. */
function encode(url: string): void {
  const input = ['-re', '-stream_loop', '-1', '-i', clipPath('avc-aac-bframes.flv')]
  start(requireTool('ffmpeg'), ['-v', 'error', ...input, '-c', 'copy', '-f', 'flv', url])
}

itWithTool(
  'ffmpeg',
  'SIGQUIT: nobody gets in, whoever stays goes on until drainMs, and the code is 0',
  async () => {
    const pidFile = join(await tempFolder(), 'pid')
    const config = await configFile(`pidFile: ${pidFile}\ndrainMs: ${DRAIN_MS}\n`)
    const server = await startReferenceServer('--config', config)
    encode(`${server.rtmp}/live/show`)
    await server.process.waitForOutput(/publish \/live\/show/)
    const player = await RtmpClient.play(`${server.rtmp}/live/show`)
    onTestFinished(() => player.close())
    let lastMs = 0
    const playing = (async () => {
      for await (const packet of player) if (packet.coded) lastMs = performance.now()
    })().catch(() => undefined)

    process.kill(server.process.pid, 'SIGQUIT')
    await server.process.waitForOutput(/draining for up to 2000 ms/)
    const startMs = performance.now()
    // The port closes right behind that line: who comes between is reset.
    await expect(RtmpClient.publish(`${server.rtmp}/live/other`)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/)
    await expect(fetch(server.http)).rejects.toThrow('fetch failed')
    const { code } = await server.process.exited
    await playing
    expect(code).toBe(0)
    // The encoder has stayed, and was played nearly to the end.
    expect(lastMs - startMs).toBeGreaterThan(DRAIN_MS / 2)
    expect(existsSync(pidFile)).toBe(false)
  },
)

it('SIGQUIT: an encoder that knows Enhanced RTMP is asked to connect anew, and the end comes with its leaving', async () => {
  const config = await configFile('drainMs: 60000\n')
  const server = await startReferenceServer('--config', config)
  const client = await RtmpClient.publish(`${server.rtmp}/live/show`)
  const onReconnectRequest = vi.fn<() => void>()
  client.on('reconnectRequest', onReconnectRequest)
  onTestFinished(() => client.close())
  process.kill(server.process.pid, 'SIGQUIT')
  await vi.waitFor(() => expect(onReconnectRequest).toHaveBeenCalledTimes(1), 5_000)
  await client.close()
  expect((await server.process.exited).code).toBe(0)
})
