import { Hub, type StreamPath } from 'millrace/hub'
import { TranscodedStream, renditionVariants } from 'millrace/services/ffmpeg'
import { expect, it } from 'vitest'

it('the renditions of a stream are its variants, as they are published', () => {
  const hub = new Hub()
  const { variantsOf, streamOf } = renditionVariants(hub)
  const original = hub.publish('/live/show').source
  expect(variantsOf('/live/show')).toEqual([])
  const rendition = (name: string, of: StreamPath = '/live/show'): TranscodedStream =>
    new TranscodedStream({ of, name, engine: 'ladder', streamPath: `${of}_${name}` } as TranscodedStream)
  const [high, low, other] = [rendition('720p'), rendition('480p'), rendition('720p', '/live/other')].map(
    (userData) => hub.publish(userData.streamPath, { userData }),
  )
  expect(variantsOf('/live/show')).toEqual(['/live/show_720p', '/live/show_480p'])
  expect(variantsOf('/live/other')).toEqual(['/live/other_720p'])
  expect([original, low!.source, other!.source].map(streamOf)).toEqual([
    undefined,
    '/live/show',
    '/live/other',
  ])
  // Within the grace time it is one still.
  low!.unpublish()
  expect(variantsOf('/live/show')).toEqual(['/live/show_720p', '/live/show_480p'])
  high!.source.close()
  expect(variantsOf('/live/show')).toEqual(['/live/show_480p'])
  hub.close()
})
