/** @import { Snapshot } from '../src/live/live-types.js' */
/** @typedef {Snapshot & { readonly allowRelease: boolean }} PageSnapshot */

const TOKEN = 'cli-ops-token'
const RETRY_MS = 1000
/** The program says something every two seconds; after this long the connection is dead, whatever it says. */
const SILENT_MS = 8000

/**
 * The token out of the link, which is then no longer in the address bar or the history. It stays in this tab, for
 * reloads. A link that this page was opened with by the program itself holds a key that is exchanged for it, once.
 *
 * @returns {Promise<string>} empty where there is none
 */
export async function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1))
  if (given.size > 0) history.replaceState(null, '', location.pathname)
  let token = given.get('token')
  const key = given.get('key')
  if (key !== null) {
    const response = await fetch('/api/token', { method: 'POST', headers: authorization(key) })
    if (response.ok) token = (await response.json()).token
  }
  if (token !== null) sessionStorage.setItem(TOKEN, token)
  return sessionStorage.getItem(TOKEN) ?? ''
}

/** @param {string} token */
export function authorization(token) {
  return { Authorization: `Bearer ${token}` }
}

/**
 * Follows what happens, over and over again where the connection breaks.
 *
 * @param {string} token
 * @param {{ onSnapshot: (snapshot: PageSnapshot) => void, onState: (state: 'live' | 'lost' | 'refused') => void }} listener
 */
export async function follow(token, { onSnapshot, onState }) {
  for (;;) {
    const silence = new AbortController()
    let timer = setTimeout(() => silence.abort(), SILENT_MS)
    try {
      // Not EventSource, which sends no header: the token would have to stand in the address.
      const response = await fetch('/api/live', {
        headers: authorization(token),
        signal: silence.signal,
      })
      if (response.status === 401) {
        onState('refused')
        return
      }
      if (response.ok && response.body !== null) {
        for await (const data of messagesOf(response.body)) {
          clearTimeout(timer)
          timer = setTimeout(() => silence.abort(), SILENT_MS)
          onState('live')
          onSnapshot(JSON.parse(data))
        }
      }
    } catch {
      // Said below, and tried again.
    }
    clearTimeout(timer)
    onState('lost')
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

/**
 * The data of Server-Sent Events.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 */
async function* messagesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += value
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) if (message.startsWith('data: ')) yield message.slice(6)
  }
}
