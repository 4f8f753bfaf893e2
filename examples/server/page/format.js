// Numbers and codecs in words.

export const duration = (sec) =>
  [Math.floor(sec / 3600), Math.floor(sec / 60) % 60, sec % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')

export const bitrate = (kbps) => (kbps >= 1000 ? `${(kbps / 1000).toFixed(2)} Mbit/s` : `${kbps} kbit/s`)

export const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`

export const clockTime = (ms) => new Date(ms).toLocaleTimeString()

/** A time that has passed. */
export function ago(ms) {
  const sec = Math.max(0, Math.round((Date.now() - ms) / 1000))
  if (sec < 60) return `${sec} s ago`
  return sec < 3600 ? `${Math.floor(sec / 60)} min ago` : `${Math.floor(sec / 3600)} h ago`
}

/** Units that the names of a service's facts end in. */
const UNITS = { Ms: 'ms', Sec: 's', Kbps: 'kbit/s', Bytes: 'bytes' }

const ISO_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

/** A fact as term and text: `runningMs: 5` is “running: 5 ms”, `takenAtMs` a time. */
function factOf(name, value) {
  if (ISO_TIME.test(value)) return [wordsOf(name), clockTime(Date.parse(value))]
  if (name.endsWith('AtMs')) return [wordsOf(name.slice(0, -4)), clockTime(value)]
  const end = Object.keys(UNITS).find((unit) => name.endsWith(unit))
  return end === undefined
    ? [wordsOf(name), String(value)]
    : [wordsOf(name.slice(0, -end.length)), `${value} ${UNITS[end]}`]
}

const wordsOf = (name) => name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** What says nothing. */
const isEmpty = (name, value) =>
  value === null || value === undefined || value === '' || (name === 'vhost' && value === '__defaultVhost__')

/** Facts of a service as terms and texts; what has parts of its own is shown part by part. */
export function factsOf(facts, prefix = '') {
  const shown = {}
  for (const [name, value] of Object.entries(facts ?? {})) {
    if (isEmpty(name, value)) continue
    const within = prefix === '' ? '' : `${prefix} `
    if (typeof value !== 'object') {
      const [term, text] = factOf(name, value)
      // `state` and `stateMs` are one fact.
      const key = within + term
      shown[key] = key in shown ? `${shown[key]}, ${text}` : text
    } else if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
      if (value.length > 0) shown[within + wordsOf(name)] = value.join('\n')
    } else if (Array.isArray(value)) {
      for (const [i, item] of value.entries())
        Object.assign(
          shown,
          factsOf(item, value.length === 1 ? prefix : `${within + wordsOf(name)} ${i + 1}`),
        )
    } else Object.assign(shown, factsOf(value, within + wordsOf(name)))
  }
  return shown
}

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

/** What people call a codec. */
export const codecName = (fourCc) => CODEC_NAMES[fourCc] ?? fourCc

const CHANNELS = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' }

/** What a stream is made of: one text for each track. */
export function mediaTexts(stream) {
  const texts = []
  if (stream.video) {
    const size = stream.width ? ` ${stream.width}×${stream.height}` : ''
    texts.push(`${codecName(stream.video)}${size}`)
  }
  if (stream.audio) {
    const rate = stream.sampleRate ? ` ${stream.sampleRate / 1000} kHz` : ''
    const channels = stream.channels ? ` ${CHANNELS[stream.channels] ?? `${stream.channels} channels`}` : ''
    texts.push(`${codecName(stream.audio)}${rate}${channels}`)
  }
  return texts.length > 0 ? texts : ['no media yet']
}
