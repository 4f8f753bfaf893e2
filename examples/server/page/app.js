// The page of the reference server: the list of streams, refreshed every second, and one player.
/* global mpegts, Hls */

const POLL_MS = 1000

const byId = (id) => document.getElementById(id)
const video = byId('video')
const cards = new Map()
let player

const duration = (sec) =>
  [Math.floor(sec / 3600), Math.floor(sec / 60) % 60, sec % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
const bitrate = (kbps) => (kbps >= 1000 ? `${(kbps / 1000).toFixed(2)} Mbit/s` : `${kbps} kbit/s`)
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`

const CODEC_NAMES = {
  avc1: 'H.264',
  hvc1: 'HEVC',
  av01: 'AV1',
  vp08: 'VP8',
  vp09: 'VP9',
  vvc1: 'H.266',
  mp4a: 'AAC',
  '.mp3': 'MP3',
  Opus: 'Opus',
  fLaC: 'FLAC',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
}

function mediaText(stream) {
  const parts = []
  if (stream.video) {
    const size = stream.width ? ` ${stream.width}×${stream.height}` : ''
    parts.push(`${CODEC_NAMES[stream.video] ?? stream.video}${size}`)
  }
  if (stream.audio) {
    const rate = stream.sampleRate ? ` ${stream.sampleRate / 1000} kHz` : ''
    const channels =
      stream.channels === 1
        ? ' mono'
        : stream.channels === 2
          ? ' stereo'
          : stream.channels
            ? ` ${stream.channels} ch`
            : ''
    parts.push(`${CODEC_NAMES[stream.audio] ?? stream.audio}${rate}${channels}`)
  }
  return parts.join(' · ') || 'no codec configuration yet'
}

function setFacts(list, facts) {
  const wanted = Object.entries(facts)
  if (list.children.length !== wanted.length) {
    list.replaceChildren(
      ...wanted.map(([name]) => {
        const row = document.createElement('div')
        const term = document.createElement('dt')
        term.textContent = name
        row.append(term, document.createElement('dd'))
        return row
      }),
    )
  }
  wanted.forEach(([, value], i) => {
    list.children[i].lastChild.textContent = value
  })
}

function urlsOf(path) {
  const { protocol, host, hostname } = location
  const ws = protocol === 'https:' ? 'wss:' : 'ws:'
  return {
    RTMP: `rtmp://${hostname}${path}`,
    'HTTP-FLV': `${protocol}//${host}${path}.flv`,
    'WebSocket-FLV': `${ws}//${host}${path}.flv`,
    'HTTP-TS': `${protocol}//${host}${path}.ts`,
    HLS: `${protocol}//${host}${path}.m3u8`,
  }
}

/** Copies, or selects the text where the browser does not let a page copy (plain http). */
async function copyText(url, element) {
  try {
    await navigator.clipboard.writeText(url)
    return 'Copied'
  } catch {
    getSelection().selectAllChildren(element)
    return 'Selected'
  }
}

function makeCard(path) {
  const card = byId('stream-template').content.cloneNode(true).firstElementChild
  card.dataset.path = path
  card.querySelector('h3').textContent = path
  for (const button of card.querySelectorAll('[data-play]')) {
    button.addEventListener('click', () => play(path, button.dataset.play))
  }
  card.querySelector('.urls').replaceChildren(
    ...Object.entries(urlsOf(path)).map(([name, url]) => {
      const item = document.createElement('li')
      const text = document.createElement('code')
      text.textContent = url
      const copy = document.createElement('button')
      copy.type = 'button'
      copy.textContent = 'Copy'
      copy.setAttribute('aria-label', `Copy the ${name} URL`)
      copy.addEventListener('click', () => {
        void copyText(url, text).then((done) => {
          copy.textContent = done
          setTimeout(() => (copy.textContent = 'Copy'), 1500)
        })
      })
      item.append(text, copy)
      return item
    }),
  )
  return card
}

function show(status) {
  const { streams, connections } = status
  for (const stream of streams) {
    let card = cards.get(stream.path)
    if (!card) {
      card = makeCard(stream.path)
      cards.set(stream.path, card)
      byId('streams').append(card)
    }
    const badge = card.querySelector('.badge')
    badge.textContent = stream.live ? 'live' : 'waiting'
    badge.classList.toggle('waiting', !stream.live)
    card.querySelector('.media').textContent = mediaText(stream)
    setFacts(card.querySelector('.facts'), {
      Up: duration(stream.uptimeSec),
      Bitrate: bitrate(stream.kbps),
      Players: stream.players + stream.hlsViewers,
    })
  }
  const present = new Set(streams.map((stream) => stream.path))
  for (const [path, card] of cards) {
    if (present.has(path)) continue
    card.remove()
    cards.delete(path)
  }
  byId('empty').hidden = streams.length > 0
  setFacts(byId('totals'), {
    Streams: streams.filter((stream) => stream.live).length,
    RTMP: connections.rtmp,
    HTTP: connections.http,
    HLS: connections.hls,
    Memory: megabytes(status.memoryBytes),
  })
}

function stop() {
  player?.destroy()
  player = undefined
  video.removeAttribute('src')
  video.load()
  byId('stage').hidden = true
}

function say(text) {
  byId('stage-state').textContent = text
}

function play(path, kind) {
  stop()
  byId('stage').hidden = false
  byId('stage-title').textContent = `${path} by ${kind === 'flv' ? 'HTTP-FLV' : 'HLS'}`
  byId('stage').scrollIntoView({ behavior: 'smooth', block: 'start' })
  say('connecting…')
  if (kind === 'flv') playFlv(path)
  else playHls(path)
  // Muted, so that browsers let it start without a gesture on this element.
  video.play().catch(() => undefined)
}

function playFlv(path) {
  if (!mpegts.isSupported()) {
    say('this browser has no Media Source Extensions: use HLS')
    return
  }
  const flv = mpegts.createPlayer(
    { type: 'flv', isLive: true, url: new URL(`${path}.flv`, location.href).href },
    {
      enableWorker: false,
      liveBufferLatencyChasing: true,
      liveBufferLatencyMaxLatency: 2.5,
      lazyLoad: false,
    },
  )
  player = flv
  flv.on(mpegts.Events.ERROR, (kind, detail) => say(`stopped: ${kind} ${detail}`))
  flv.on(mpegts.Events.LOADING_COMPLETE, () => say('the stream has ended'))
  flv.attachMediaElement(video)
  flv.load()
}

function playHls(path) {
  const url = `${path}.m3u8`
  if (Hls.isSupported()) {
    const hls = new Hls({ liveSyncDurationCount: 3 })
    player = hls
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (data.fatal) say(`stopped: ${data.details}`)
    })
    hls.loadSource(url)
    hls.attachMedia(video)
  } else {
    video.src = url
  }
}

video.addEventListener('playing', () => say('playing'))
video.addEventListener('waiting', () => say('buffering…'))
byId('stop').addEventListener('click', stop)

async function poll() {
  try {
    const response = await fetch('/api/v1/streams', { cache: 'no-store' })
    if (!response.ok) throw new Error(String(response.status))
    show(await response.json())
    byId('offline').hidden = true
  } catch {
    byId('offline').hidden = false
  }
  setTimeout(() => void poll(), POLL_MS)
}

byId('publish-url').textContent = `rtmp://${location.hostname}/live/show`
byId('obs-server').textContent = `rtmp://${location.hostname}/live`
await poll()
