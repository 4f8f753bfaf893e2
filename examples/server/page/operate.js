// What an operator sees and does beside watching: clients, services, refusals, the configuration.
import { byId, setRows, setText } from './elements.js'
import { ago, bitrate, clockTime, duration, factsOf } from './format.js'
import { authorizationOf, OperatorApi } from './operator-api.js'

/** Clients that a stream shows; there may be thousands. */
const CLIENT_COUNT = 20

/** Items of one service that are shown, of all streams. */
const ITEM_COUNT = 10

/** Refusals that are shown. */
const REFUSAL_COUNT = 20

const api = new OperatorApi()

/** The streams and figures of the server, or `undefined` for whoever may not see them. */
export const readStatus = () => api.status()

/** Whether the operator may act. */
export const mayOperate = () => api.barrier === undefined

/** Brings everything up to date. `cards` are the streams on the page. */
export async function refresh(cards) {
  // Where nobody is let in nothing changes by asking again.
  if (api.isUnknown) await api.ask('/versions').catch(() => undefined)
  showBarrier()
  for (const card of cards) card.querySelector('.operate').hidden = !mayOperate()
  for (const id of ['refusals', 'server']) byId(id).hidden = !mayOperate()
  if (!mayOperate()) return
  const open = cards.filter((card) => card.querySelector('.operate').open)
  const jobs = [showRefusals(), showServer(), ...open.map(showOperations)]
  await Promise.all(jobs.map((job) => job.catch(() => undefined)))
}

function showBarrier() {
  setText(byId('operator-state'), api.barrier ?? '')
  byId('sign-in').hidden = !api.needsCredentials
  byId('sign-out').hidden = !api.isSignedIn
}

/** The clients and services of the stream of a card. */
export async function showOperations(card) {
  const { id } = card.dataset
  const [{ clients, total }, { stream }, { services }] = await Promise.all([
    api.ask(`/clients?stream=${id}&count=${CLIENT_COUNT}`),
    api.ask(`/streams/${id}`),
    api.ask(`/streams/${id}/services`),
  ])
  const again = () => showOperations(card)
  setRows(card.querySelector('.clients'), [
    ...clients.map((client) => clientRow(client, again)),
    ...stream.consumers.map(consumerRow),
  ])
  const hidden = total - clients.length
  setText(card.querySelector('.more'), hidden > 0 ? `and ${hidden} more clients` : '')
  setRows(
    card.querySelector('.services'),
    services.map((service) => serviceRow(id, service, again)),
  )
}

function clientRow(client, again) {
  const lag = client.lag_ms === null ? {} : { Lag: `${Math.round(client.lag_ms)} ms`, Skips: client.skips }
  return {
    key: client.id,
    title: client.publish ? 'Publisher' : `Player · ${client.protocol}`,
    hint: [client.ip || 'this server', client.agent].filter((text) => text !== '').join(' · '),
    facts: {
      Since: duration(Math.floor(client.alive)),
      Rate: bitrate(client.publish ? client.kbps.recv_30s : client.kbps.send_30s),
      ...lag,
    },
    action: {
      label: 'Kick',
      confirm: true,
      run: async () => {
        await api.ask(`/clients/${client.id}`, 'DELETE').catch(() => undefined)
        await again()
      },
    },
  }
}

function consumerRow({ lag_ms: lagMs, skips, read_packets: packets }, i) {
  return {
    key: `consumer ${i}`,
    title: 'Reader inside the server',
    hint: 'a packager, recorder or relay',
    facts: { Packets: packets, Lag: `${Math.round(lagMs)} ms`, Skips: skips },
  }
}

/** What a service cannot start without, asked of the operator; `null` when they would rather not. */
const OPTIONS = {
  forward: () => {
    const target = prompt('Where to? rtmp://… or rtmps://…, with the stream key')?.trim()
    return target ? { targets: [target] } : null
  },
}

function serviceRow(id, { name, description, running, status }, again) {
  return {
    key: name,
    title: name,
    hint: description,
    facts: {
      // What the configuration has begun has a status, too.
      ...(status?.state === undefined && (running || status === null)
        ? { state: running ? 'running' : 'off' }
        : {}),
      ...factsOf(status),
    },
    action: {
      label: running ? 'Stop' : 'Start',
      confirm: running,
      run: async () => {
        const asked = running ? undefined : OPTIONS[name]?.()
        if (asked === null) return
        try {
          await api.ask(`/streams/${id}/services/${name}`, running ? 'DELETE' : 'PUT', asked)
          announce('')
        } catch (error) {
          announce(`${name}: ${error.message}`)
        }
        await again()
      },
    },
  }
}

/** Says what went wrong, until something goes well. */
function announce(text) {
  const fault = byId('fault')
  setText(fault, text)
  fault.hidden = text === ''
}

async function showRefusals() {
  const { refusals } = await api.ask(`/refusals?count=${REFUSAL_COUNT}`)
  byId('refusals-none').hidden = refusals.length > 0
  setRows(
    byId('refusals-list'),
    refusals.map((refusal) => ({
      key: [refusal.first_ms, refusal.ip, refusal.action, refusal.url, refusal.reason].join(' '),
      title: refusal.reason,
      hint: [
        `${refusal.action} ${refusal.url || `/${refusal.app}/…`}`,
        refusal.vhost === '__defaultVhost__' ? '' : refusal.vhost,
        refusal.protocol,
        refusal.ip,
        refusal.agent,
        refusal.pageUrl,
      ]
        .filter((text) => text !== '')
        .join(' · '),
      facts: { When: `${clockTime(refusal.last_ms)}, ${ago(refusal.last_ms)}`, Times: refusal.times },
    })),
  )
}

async function showServer() {
  const { services } = await api.ask('/services')
  const listed = await Promise.all(
    services.map(({ name }) => api.ask(`/services/${encodeURIComponent(name)}`)),
  )
  setRows(
    byId('server-services'),
    listed.flatMap(({ data: { name, description, items } }) =>
      items
        .slice(0, ITEM_COUNT)
        .map((item, i) => ({ key: `${name} ${i}`, title: name, hint: description, facts: factsOf(item) })),
    ),
  )
}

byId('reload').addEventListener('click', () => {
  const result = byId('reload-result')
  void api.ask('/raw?rpc=reload').then(
    () => setText(result, 'Reloaded.'),
    (error) => setText(result, error.message),
  )
})

const dialog = byId('sign-in-dialog')
byId('sign-in').addEventListener('click', () => dialog.showModal())
byId('sign-in-cancel').addEventListener('click', () => dialog.close())
byId('sign-out').addEventListener('click', () => {
  api.signOut()
  location.reload()
})
function showSignInFault(text) {
  const fault = byId('sign-in-fault')
  setText(fault, text)
  fault.hidden = text === ''
}

async function signIn() {
  const secret = byId('sign-in-secret')
  try {
    if (!(await api.signIn(authorizationOf(byId('sign-in-name').value, secret.value)))) {
      showSignInFault('The server does not accept these credentials.')
      return
    }
  } catch {
    showSignInFault('The server does not answer.')
    return
  }
  showSignInFault('')
  secret.value = ''
  dialog.close()
  document.dispatchEvent(new Event('operator'))
}

byId('sign-in-form').addEventListener('submit', (event) => {
  event.preventDefault()
  void signIn()
})
