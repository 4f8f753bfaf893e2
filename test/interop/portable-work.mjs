// Runs in Node and, served as it is, in a browser: a clip through the portable folders of the build.

/**
 * @param {string} dist - URL of the built package.
 * @param {Uint8Array} bytes - an FLV file.
 * @returns {Promise<number[]>} SHA-256 of its transport stream.
 */
export async function transportStreamDigest(dist, bytes) {
  const load = (folder) => import(/* @vite-ignore */ `${dist}/${folder}/index.js`)
  const { demuxFlv } = await load('flv')
  const { TsMuxer } = await load('mpegts')
  const { Hub } = await load('hub')
  const hub = new Hub()
  const publisher = hub.publish('/live/show')
  const consumer = hub.source('/live/show').consume()
  const muxer = new TsMuxer()
  const parts = []
  for (const packet of demuxFlv(bytes)) {
    publisher.write(packet)
    for (let next = consumer.read(); next !== undefined; next = consumer.read()) parts.push(muxer.write(next))
  }
  hub.close()
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(parts).arrayBuffer())
  return Array.from(new Uint8Array(digest))
}
