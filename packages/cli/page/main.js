import { byId } from './elements.js'
import { showLocks } from './locks-panel.js'
import {
  showCommands,
  showEvents,
  showInstances,
  showRequests,
  showTiles,
  showWarnings,
} from './panels.js'
import { Store } from './store.js'
import { follow, takeToken } from './stream.js'

const store = new Store()
const filter = /** @type {HTMLInputElement} */ (byId('filter'))
const pause = byId('pause')
const link = byId('link')
/** The newest event that is shown. */
let until = Infinity
let token = ''

function draw() {
  const { now } = store
  if (now === undefined) return
  const { where, namespace } = now.place
  byId('place').textContent = namespace === '' ? where : `${where} (namespace ${namespace})`
  showTiles(store)
  showWarnings(store)
  showLocks(store, token, draw)
  showInstances(store)
  showCommands(store)
  showRequests(store)
  showEvents(store, { filter: filter.value, until })
}

/** @param {'live' | 'lost' | 'refused'} state */
function showState(state) {
  if (link.dataset['state'] === state) return
  link.dataset['state'] = state
  link.textContent =
    state === 'live'
      ? 'Live'
      : state === 'lost'
        ? 'Connection lost, trying again …'
        : 'Access denied'
  if (state !== 'refused') return
  byId('notice').textContent =
    'Open the link that “cli-ops dashboard” printed; it holds the key to this page.'
  byId('notice').hidden = false
  byId('main').hidden = true
}

filter.addEventListener('input', draw)
byId('events-tools').addEventListener('submit', (event) => event.preventDefault())
pause.addEventListener('click', () => {
  const isPaused = until === Infinity
  until = isPaused ? Math.max(0, ...store.events.keys()) : Infinity
  pause.setAttribute('aria-pressed', String(isPaused))
  pause.textContent = isPaused ? 'Go on' : 'Pause'
  draw()
})
document.addEventListener('keydown', (event) => {
  if (
    event.key !== '/' ||
    event.ctrlKey ||
    event.metaKey ||
    event.target instanceof HTMLInputElement
  )
    return
  event.preventDefault()
  filter.focus()
})
// Ages grow although nothing changes; nobody sees them in a tab that is hidden.
setInterval(() => {
  if (!document.hidden) draw()
}, 1000)
document.addEventListener('visibilitychange', draw)

token = await takeToken()
await follow(token, {
  onState: showState,
  onSnapshot: (snapshot) => {
    store.take(snapshot)
    if (!document.hidden) draw()
  },
})
