import { findFfmpeg } from 'millrace/services/ffmpeg'
import { expect, it } from 'vitest'
import { fakeFfmpeg } from './fake-ffmpeg.ts'

it('says which version there is', async () => {
  const path = await fakeFfmpeg()
  expect(await findFfmpeg(path)).toEqual({ path, version: 'fake' })
})

it.each([
  ['no-such-ffmpeg', 'no-such-ffmpeg is not a usable ffmpeg: program not found'],
  [process.execPath, /is not a usable ffmpeg/],
  ['/', /is not a usable ffmpeg: .*EACCES/],
])('says by name that %s is none', async (path, message) => {
  await expect(findFfmpeg(path)).rejects.toThrow(message)
})
