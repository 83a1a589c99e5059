import { byId } from './elements.js'
import { authorization } from './stream.js'

/**
 * Asks whether a lock is to be taken from its holder, and takes it from that grant and no later one.
 *
 * @param {string} token
 * @param {{ resource: string, id: string, holder: string }} release
 */
export function askRelease(token, { resource, id, holder }) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('confirm'))
  byId('confirm-text').textContent = `“${resource}” is taken from ${holder}.`
  byId('confirm-no').onclick = () => dialog.close()
  byId('confirm-yes').onclick = () => {
    dialog.close()
    void send(token, resource, id)
  }
  dialog.showModal()
}

/** @param {string} token @param {string} resource @param {string} id */
async function send(token, resource, id) {
  try {
    const response = await fetch('/api/release', {
      method: 'POST',
      headers: { ...authorization(token), 'Content-Type': 'application/json' },
      body: JSON.stringify({ resource, id }),
    })
    const { released, problem } = await response.json()
    if (problem !== undefined) say(problem)
    else if (released) say(`“${resource}” was released.`)
    else say(`Nothing was released: that holder no longer has “${resource}”.`)
  } catch {
    say('The program cannot be reached; nothing may have been released.')
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

/** @param {string} text */
function say(text) {
  const notice = byId('notice')
  notice.textContent = text
  notice.hidden = false
  clearTimeout(timer)
  timer = setTimeout(() => {
    notice.hidden = true
  }, 10_000)
}
