// What the viewer's network carries, measured on demand: round trip, then download, then upload.
import { byId, setFacts } from './elements.js'
import { bitrate } from './format.js'

const DOWNLOAD_MS = 3000
const PING_COUNT = 7

/** Uploads begin small and grow, until one has taken so long that its rate means something. */
const FIRST_UPLOAD_BYTES = 65_536
const LAST_UPLOAD_BYTES = 33_554_432
const UPLOAD_MS = 1000

const facts = { Download: '–', Upload: '–', 'Round trip': '–' }

const ask = async (path) => answerOf(await fetch(`/bandwidth/${path}`, { cache: 'no-store' }))

function answerOf(response) {
  if (!response.ok)
    throw new Error(response.status === 503 ? 'others are measuring, try again later' : `${response.status}`)
  return response
}

/** The middle of several, ms. */
async function roundTrip() {
  const times = []
  for (let i = 0; i < PING_COUNT; i++) {
    const startMs = performance.now()
    await ask('ping')
    times.push(performance.now() - startMs)
  }
  return times.toSorted((a, b) => a - b)[Math.floor(PING_COUNT / 2)]
}

/** kbit/s. The time counts from the first bytes on. */
async function download() {
  const response = await ask(`download?ms=${DOWNLOAD_MS}`)
  const reader = response.body.getReader()
  let startMs
  let bytes = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (startMs === undefined) startMs = performance.now()
    else bytes += part.value.length
  }
  return (bytes * 8) / Math.max(1, performance.now() - startMs)
}

/** kbit/s, as the server saw it. */
async function upload() {
  let kbps = 0
  for (let size = FIRST_UPLOAD_BYTES; ; size *= 4) {
    const body = new Uint8Array(Math.min(size, LAST_UPLOAD_BYTES))
    // As much as the browser gives at a time.
    for (let at = 0; at < body.length; at += 65_536) crypto.getRandomValues(body.subarray(at, at + 65_536))
    const startMs = performance.now()
    const response = await fetch('/bandwidth/upload', { method: 'POST', body })
    // More than the server takes.
    if (response.status === 413 && kbps > 0) return kbps
    const { bytes, durationMs } = await answerOf(response).json()
    kbps = (bytes * 8) / Math.max(1, durationMs)
    if (performance.now() - startMs > UPLOAD_MS || size >= LAST_UPLOAD_BYTES) return kbps
  }
}

async function measure() {
  const button = byId('measure')
  const state = byId('bandwidth-state')
  const step = async (text, name, run) => {
    state.textContent = text
    facts[name] = await run()
    setFacts(byId('bandwidth-facts'), facts)
  }
  button.disabled = true
  try {
    await step('Round trip…', 'Round trip', async () => `${(await roundTrip()).toFixed(1)} ms`)
    await step('Download…', 'Download', async () => bitrate(Math.round(await download())))
    await step('Upload…', 'Upload', async () => bitrate(Math.round(await upload())))
    state.textContent = 'Measured.'
  } catch (error) {
    state.textContent = `Not measured: ${error.message}`
  }
  button.disabled = false
}

/** Shows the panel where the server measures. */
export function offerMeasurement(isOffered) {
  byId('bandwidth').hidden = !isOffered
}

setFacts(byId('bandwidth-facts'), facts)
byId('measure').addEventListener('click', () => void measure())
