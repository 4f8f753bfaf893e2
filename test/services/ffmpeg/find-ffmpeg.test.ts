import { findFfmpeg } from 'millrace/services/ffmpeg'
import { expect, it } from 'vitest'
import { fakeFfmpeg } from './fake-ffmpeg.ts'

it('says which version there is', async () => {
  const path = await fakeFfmpeg()
  expect(await findFfmpeg(path)).toEqual({ path, version: 'fake' })
})

it.each([
  ['no-such-ffmpeg', 'no-such-ffmpeg is no ffmpeg that can be run: there is no such program'],
  [process.execPath, /is no ffmpeg that can be run/],
  ['/', /is no ffmpeg that can be run: .*EACCES/],
])('says by name that %s is none', async (path, message) => {
  await expect(findFfmpeg(path)).rejects.toThrow(message)
})
