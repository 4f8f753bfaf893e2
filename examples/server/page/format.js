// Numbers and codecs in words.

export const duration = (sec) =>
  [Math.floor(sec / 3600), Math.floor(sec / 60) % 60, sec % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')

export const bitrate = (kbps) => (kbps >= 1000 ? `${(kbps / 1000).toFixed(2)} Mbit/s` : `${kbps} kbit/s`)

export const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`

const CODEC_NAMES = {
  avc1: 'H.264',
  hvc1: 'HEVC',
  vvc1: 'H.266',
  av01: 'AV1',
  vp08: 'VP8',
  vp09: 'VP9',
  mp4a: 'AAC',
  '.mp3': 'MP3',
  Opus: 'Opus',
  fLaC: 'FLAC',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
}

const CHANNELS = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' }

/** What a stream is made of: one text for each track. */
export function mediaTexts(stream) {
  const texts = []
  if (stream.video) {
    const size = stream.width ? ` ${stream.width}×${stream.height}` : ''
    texts.push(`${CODEC_NAMES[stream.video] ?? stream.video}${size}`)
  }
  if (stream.audio) {
    const rate = stream.sampleRate ? ` ${stream.sampleRate / 1000} kHz` : ''
    const channels = stream.channels ? ` ${CHANNELS[stream.channels] ?? `${stream.channels} channels`}` : ''
    texts.push(`${CODEC_NAMES[stream.audio] ?? stream.audio}${rate}${channels}`)
  }
  return texts.length > 0 ? texts : ['no media yet']
}
