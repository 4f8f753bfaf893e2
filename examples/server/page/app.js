// The page of the reference server: the list of streams, refreshed every second, and one player.
import { offerMeasurement } from './bandwidth.js'
import { byId, clone, setFacts, setTexts, setUrls } from './elements.js'
import { bitrate, duration, mediaTexts, megabytes } from './format.js'
import { readStatus, refresh, showOperations } from './operate.js'
import { obstacleTo } from './playable.js'
import { PROTOCOLS, StreamPlayer, withExtension } from './player.js'

const POLL_MS = 1000
const OPERATE_MS = 2000

/** Between two pictures of a stream. */
const POSTER_MS = 10_000
const REFUSED_POSTER_MS = 60_000

/** Bitrates that the line shows. */
const SPARK_COUNT = 60

const video = byId('video')
const cards = new Map()
const rates = new Map()
/** The last news of each stream. */
const statuses = new Map()

const player = new StreamPlayer(video, (text) => {
  const state = byId('stage-state')
  state.textContent = text
  state.classList.toggle('good', text === 'playing')
})

function makeCard(path, id, rtmpBase) {
  const card = clone('stream-template')
  const slash = path.lastIndexOf('/') + 1
  card.dataset.path = path
  card.dataset.id = id
  card.querySelector('.app').textContent = path.slice(0, slash)
  card.querySelector('.name').textContent = path.slice(slash)
  for (const button of card.querySelectorAll('[data-play]')) {
    button.addEventListener('click', () => play(path, button.dataset.play))
  }
  const operate = card.querySelector('.operate')
  operate.addEventListener('toggle', () => {
    if (operate.open) void showOperations(card).catch(() => undefined)
  })
  const encoded = encodePath(path)
  const urls = Object.values(PROTOCOLS).map(({ name, url }) => [name, url(encoded)])
  setUrls(card.querySelector('.urls'), { RTMP: `${rtmpBase}${path}`, ...Object.fromEntries(urls) })
  return card
}

/** What a stream is known by here: its path, and the virtual host unless it is that of everybody. */
const keyOf = ({ path, vhost }) => (vhost === null ? path : `${path}?vhost=${vhost}`)

function encodePath(key) {
  const [path, vhost] = key.split('?vhost=')
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return vhost === undefined ? encoded : `${encoded}?vhost=${encodeURIComponent(vhost)}`
}

/** A picture of the stream, where the server takes some and lets this viewer have them. */
function showPoster(card, path, { hasPicture, live }) {
  const poster = card.querySelector('.poster')
  const now = performance.now()
  if (!hasPicture || !live || now < Number(poster.dataset.nextMs ?? 0)) return
  poster.dataset.nextMs = String(now + POSTER_MS)
  poster.onload = () => (poster.hidden = false)
  // Whoever is refused will be refused again.
  poster.onerror = () => {
    poster.hidden = true
    poster.dataset.nextMs = String(now + REFUSED_POSTER_MS)
  }
  const url = withExtension(encodePath(path), 'jpg')
  poster.src = `${url}${url.includes('?') ? '&' : '?'}at=${Date.now()}`
}

/** The bitrate of the last minute as a line. */
function drawSpark(card, path, kbps) {
  const history = [...(rates.get(path) ?? []), kbps].slice(-SPARK_COUNT)
  rates.set(path, history)
  if (history.length < 2) return
  const top = Math.max(...history, 1)
  const points = history.map((rate, i) => `${(i / (history.length - 1)) * 60} ${15 - (rate / top) * 13}`)
  const line = `M${points.join('L')}`
  card.querySelector('.spark-line').setAttribute('d', line)
  card.querySelector('.spark-area').setAttribute('d', `${line}L60 16L0 16Z`)
}

/** Greys out the buttons of protocols that the stream cannot be played by here. */
function showObstacles(buttons, stream) {
  for (const button of buttons) {
    const obstacle = stream && obstacleTo(stream, button.dataset.play ?? button.dataset.protocol)
    button.disabled = obstacle !== undefined
    button.title = obstacle ?? ''
  }
}

function showStream(stream, rtmpBase) {
  const path = keyOf(stream)
  statuses.set(path, stream)
  let card = cards.get(path)
  if (!card) {
    card = makeCard(path, stream.id, rtmpBase)
    cards.set(path, card)
    byId('streams').append(card)
  }
  const badge = card.querySelector('.badge')
  badge.textContent = stream.live ? 'live' : 'waiting'
  badge.classList.toggle('waiting', !stream.live)
  card.classList.toggle('on-stage', player.path === encodePath(path))
  showObstacles(card.querySelectorAll('[data-play]'), stream)
  const obstacles = Object.keys(PROTOCOLS).map((protocol) => obstacleTo(stream, protocol))
  const obstacle = card.querySelector('.obstacle')
  obstacle.textContent = obstacles.every(Boolean) ? obstacles[0] : ''
  obstacle.hidden = obstacle.textContent === ''
  setTexts(card.querySelector('.media'), mediaTexts(stream))
  setFacts(card.querySelector('.facts'), {
    Uptime: duration(stream.uptimeSec),
    Bitrate: bitrate(stream.kbps),
    Players: stream.players + stream.hlsViewers,
  })
  drawSpark(card, path, stream.kbps)
  showPoster(card, path, stream)
}

/** The qualities of what plays, to choose from. */
function showLevels() {
  const group = byId('levels')
  const levels = player.levels()
  group.hidden = levels.length === 0
  const names = levels.map(({ name }) => name).join()
  if (group.dataset.names !== names) {
    group.dataset.names = names
    group.replaceChildren(
      ...levels.map(({ name, level }) => {
        const button = document.createElement('button')
        button.type = 'button'
        button.textContent = name
        button.addEventListener('click', () => {
          player.chooseLevel(level)
          showLevels()
        })
        return button
      }),
    )
  }
  levels.forEach(({ chosen, playing }, i) => {
    const button = group.children[i]
    button.setAttribute('aria-pressed', String(chosen))
    button.classList.toggle('playing', playing)
  })
}

/** Cards of all streams but `streams` go. */
function keepOnly(streams) {
  const present = new Set(streams.map(keyOf))
  for (const [path, card] of cards) {
    if (present.has(path)) continue
    card.remove()
    cards.delete(path)
    rates.delete(path)
    statuses.delete(path)
  }
}

/** For whoever may not see the streams. */
function showNothing() {
  keepOnly([])
  stop()
  byId('empty').hidden = true
  byId('more').hidden = true
  setFacts(byId('totals'), {})
}

function show({ streams, count, connections, memoryBytes, measuresBandwidth, rtmp }) {
  offerMeasurement(measuresBandwidth)
  const rtmpBase = `${rtmp.scheme}://${urlHost()}${rtmp.port === rtmp.defaultPort ? '' : `:${rtmp.port}`}`
  for (const stream of streams) showStream(stream, rtmpBase)
  keepOnly(streams)
  byId('empty').hidden = streams.length > 0
  const more = count.streams - streams.length
  byId('more').hidden = more === 0
  byId('more').textContent = `and ${more} more: the API lists all of them`
  setFacts(byId('totals'), {
    Live: count.live,
    RTMP: connections.rtmp,
    HTTP: connections.http,
    HLS: connections.hls,
    Memory: megabytes(memoryBytes),
  })
  const publish = byId('publish-urls')
  if (publish.dataset.base !== rtmpBase) {
    publish.dataset.base = rtmpBase
    setUrls(publish, {
      Server: `${rtmpBase}/live`,
      FFmpeg: `ffmpeg -re -i input.mp4 -c copy -f flv ${rtmpBase}/live/show`,
    })
  }
  if (player.path !== undefined) {
    player.look()
    showObstacles(byId('protocols').children, statuses.get(byId('stage-title').textContent))
    setFacts(byId('stage-facts'), player.facts())
    showLevels()
  }
}

/** The host as it stands in URLs, without its port. */
const urlHost = () => location.host.replace(/:\d+$/, '')

function play(path, protocol) {
  byId('stage').hidden = false
  document.body.classList.add('playing')
  byId('stage-title').textContent = path
  for (const tab of byId('protocols').children) {
    tab.setAttribute('aria-pressed', String(tab.dataset.protocol === protocol))
  }
  player.play(encodePath(path), protocol, () => {
    const stream = statuses.get(path)
    return stream && obstacleTo(stream, protocol)
  })
  showObstacles(byId('protocols').children, statuses.get(path))
  showLevels()
  setFacts(byId('stage-facts'), player.facts())
  byId('stage').scrollIntoView({ block: 'nearest' })
}

function stop() {
  player.stop()
  byId('stage').hidden = true
  document.body.classList.remove('playing')
}

for (const [protocol, { name }] of Object.entries(PROTOCOLS)) {
  const tab = document.createElement('button')
  tab.type = 'button'
  tab.dataset.protocol = protocol
  tab.textContent = name
  tab.addEventListener('click', () => play(byId('stage-title').textContent, protocol))
  byId('protocols').append(tab)
}
byId('stop').addEventListener('click', stop)
byId('unmute').addEventListener('click', () => (video.muted = !video.muted))
video.addEventListener('volumechange', () => {
  byId('unmute').textContent = video.muted ? 'Unmute' : 'Mute'
})

async function look() {
  try {
    const status = await readStatus()
    const isLocked = status === undefined
    if (isLocked) showNothing()
    else show(status)
    byId('locked').hidden = !isLocked
    byId('publish').hidden = isLocked
    byId('offline').hidden = true
  } catch {
    byId('offline').hidden = false
  }
}

async function poll() {
  await look()
  setTimeout(() => void poll(), POLL_MS)
}

/** Asks less often than the list: who operates sees what is done at once anyway. */
async function operate() {
  await refresh([...cards.values()])
  setTimeout(() => void operate(), OPERATE_MS)
}
async function lookAgain() {
  await look()
  await refresh([...cards.values()])
}
document.addEventListener('operator', () => void lookAgain())

await poll()
await operate()
