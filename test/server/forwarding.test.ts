/** Forwarding over the API of the reference server. */
import { Hub } from 'millrace/hub'
import { RtmpServer } from 'millrace/node'
import { expect, it, onTestFinished, vi } from 'vitest'
import { publishClip } from './driving.ts'
import { startWith } from './running.ts'

it('the API forwards a stream of a virtual host to further targets, shows them, and ends that', async () => {
  const target = new Hub({ graceMs: 0 })
  const rtmp = new RtmpServer({ hub: target })
  const { port } = await rtmp.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => rtmp.close())
  const url = `rtmp://127.0.0.1:${port}`
  const server = await startWith(`
forward: { targets: ['${url}/configured'] }
api: { authentication: none }
`)
  await publishClip(server)
  const api = async (path: string, method = 'GET', body?: unknown): Promise<Record<string, never>> => {
    const response = await fetch(`${server.operatorUrl}/api/v1${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    })
    return { status: response.status, ...((await response.json()) as object) } as unknown as Record<
      string,
      never
    >
  }
  const { streams } = (await api('/streams')) as unknown as { streams: readonly { id: string }[] }
  const service = `/streams/${streams[0]!.id}/services/forward`
  expect(await api(service, 'PUT', { targets: ['http://host/s3cret'] })).toMatchObject({ status: 400 })
  expect(
    await api(service, 'PUT', { targets: [{ url: `${url}/live/s3cret`, name: 'extra' }] }),
  ).toMatchObject({
    status: 200,
  })
  await vi.waitFor(() => expect(target.source('/live/s3cret')?.publisher).toBeDefined())
  const shown = JSON.stringify([
    await api(`/streams/${streams[0]!.id}/services`),
    await api('/services/forward'),
  ])
  expect(shown).toContain(`"url":"${url}/configured/***"`)
  expect(shown).toContain('"name":"extra"')
  expect(shown).not.toContain('s3cret')
  expect(await api(service, 'DELETE')).toMatchObject({ status: 200 })
  await vi.waitFor(() => expect(target.source('/live/s3cret')).toBeUndefined())
  expect(server.lines.map((line) => line.replace(/^\S+ /, '').replace(/\d+ kB/, 'N kB'))).toEqual(
    expect.arrayContaining([
      'forward /live/show to extra',
      'forward /live/show to extra: ended, N kB sent',
      expect.stringMatching(/^forward \/live\/show to rtmp:\S+\/configured\/\*\*\*$/),
    ]),
  )
  expect(server.lines.join('\n')).not.toContain('s3cret')
  expect(target.source('/configured/show')?.publisher).toBeDefined()
  target.close()
})
