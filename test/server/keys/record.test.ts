import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { demuxFlv } from 'millrace/flv'
import { expect, vi } from 'vitest'
import { tempFolder } from '../../support/temp-folder.ts'
import { publishClip } from '../driving.ts'
import { startWith } from '../running.ts'
import { tryKeys } from './try-keys.ts'

/** Publishes the clip, and says what is in the directory in the end. */
async function recorded(section: string): Promise<readonly string[]> {
  const directory = await tempFolder()
  const server = await startWith(`record: { directory: ${directory}, ${section} }`)
  await (await publishClip(server)).close()
  await server.close()
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(directory, join(parentPath, name)))
    .toSorted()
}

tryKeys('record', {
  async directory() {
    const directory = join(await tempFolder(), 'made/here')
    const server = await startWith(`record: { directory: ${directory} }`)
    const client = await publishClip(server)
    await client.close()
    await vi.waitFor(() =>
      expect(server.lines.join('\n')).toContain(`recorded /live/show: ${directory}/live/show.`),
    )
    const [file] = await readdir(join(directory, 'live'))
    expect(demuxFlv(await readFile(join(directory, 'live', file!))).length).toBeGreaterThan(500)
  },
  async path() {
    expect(await recorded("path: '[vhost]/[app]-[stream].mp4'")).toEqual(['__defaultVhost__/live-show.mp4'])
    await expect(startWith("record: { path: '../[stream].flv' }")).rejects.toThrow('relative')
    await expect(startWith("record: { path: '[seq].flv' }")).rejects.toThrow('[timestamp]')
  },
  async start() {
    expect(await recorded('start: on-demand')).toEqual([])
    expect(await recorded('start: always')).toHaveLength(1)
  },
  async apply() {
    expect(await recorded('apply: [live/show, live/other]')).toHaveLength(1)
    expect(await recorded('apply: [live/other]')).toEqual([])
  },
  async segmentDurationMs() {
    // Keyframes are 2 s apart.
    expect(await recorded('segmentDurationMs: 2000')).toHaveLength(4)
  },
  async segmentBytes() {
    expect((await recorded('segmentBytes: 50000')).length).toBeGreaterThan(2)
  },
})
