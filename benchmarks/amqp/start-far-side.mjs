import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * Starts the other process and waits until it is ready.
 *
 * @param {string} who
 * @param {string} url
 * @returns {Promise<{ heard: () => Promise<void>, stop: () => void }>} `heard` resolves at its next report
 */
export async function startFarSide(who, url) {
  const child = fork(fileURLToPath(new URL('far-side.mjs', import.meta.url)), [who, url])
  /** @param {string} expected @returns {Promise<void>} */
  const next = (expected) =>
    new Promise((resolve) => {
      /** @param {unknown} message */
      const look = (message) => {
        if (message !== expected) return
        child.off('message', look)
        resolve()
      }
      child.on('message', look)
    })
  await next('ready')
  return { heard: () => next('heard'), stop: () => child.kill('SIGKILL') }
}
