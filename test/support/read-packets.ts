/** Lists of packets as FFmpeg 8.1 reads them (`dts size`), made comparable. */

/** Times from the first packet of the first stream on. Nobody can begin with the audio before that: it is left out. */
export function fromFirst(streams: readonly (readonly string[])[]): string[][] {
  const first = Number.parseInt(streams[0]?.[0] ?? '0', 10)
  return streams.map((stream) =>
    stream
      .map((packet) => packet.replace(/^-?\d+/, (dts) => `${Number(dts) - first}`))
      .filter((packet) => !packet.startsWith('-')),
  )
}

/** The sizes alone, for peers that write times of their own. */
export function sizesOf(stream: readonly string[]): string[] {
  return stream.map((packet) => packet.split(' ')[1]!)
}

/** How many packets each stream has. */
export function countsOf(streams: readonly (readonly string[])[]): number[] {
  return streams.map((stream) => stream.length)
}
