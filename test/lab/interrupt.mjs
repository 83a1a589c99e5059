import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import xterm from '@xterm/headless'
import { root } from '../../scripts/workspaces.mjs'

const COLUMNS = 120
const ROWS = 40
const PTY = join(root, 'packages/cli/test/fixtures/on-pty.py')
/** A program that has not come this far by then never does. */
const LIMIT_MS = 120_000
/** A program that has not ended by then goes on after Ctrl-C. */
const END_LIMIT_MS = 30_000

/** Why there is no terminal here, if there is none. */
export const noTerminal =
  spawnSync('python3', ['-c', 'import pty']).status === 0
    ? undefined
    : 'python3 with its module pty is needed'

/**
 * Runs a program at a terminal and presses Ctrl-C once it has written `seen`.
 *
 * @param {readonly string[]} command
 * @param {{ cwd: string, env: Readonly<Record<string, string>>, seen: string | RegExp }} options
 * @returns {Promise<{ status: string, screen: string }>} `status`: "exit code 130", "SIGINT", "goes on"
 */
export async function interrupt(command, { cwd, env, seen }) {
  const child = spawn('python3', [PTY, String(COLUMNS), String(ROWS), ...command], {
    cwd,
    env: { ...env, TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let written = ''
  const isSeen = (/** @type {string} */ text) =>
    typeof seen === 'string' ? text.includes(seen) : seen.test(text)
  let pressed = false
  let goesOn = false
  // When its stdin ends, the terminal's process kills the program.
  let timer = setTimeout(() => child.stdin.end(), LIMIT_MS)
  child.stdin.on('error', () => undefined)
  child.stdout.setEncoding('utf8').on('data', (text) => {
    written += text
    if (pressed || !isSeen(written)) return
    pressed = true
    clearTimeout(timer)
    timer = setTimeout(() => {
      goesOn = true
      child.stdin.end()
    }, END_LIMIT_MS)
    child.stdin.write(`${JSON.stringify({ keys: '\u0003' })}\n`)
  })
  const [exitCode, signal] = await once(child, 'close')
  clearTimeout(timer)
  const screen = await render(written)
  if (!pressed) return { status: `never wrote ${String(seen)}`, screen }
  return { status: goesOn ? 'goes on' : (signal ?? `exit code ${exitCode}`), screen }
}

/**
 * Returns what a person finally sees, whatever was drawn and overwritten on the way.
 *
 * @param {string} written
 */
async function render(written) {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true })
  await /** @type {Promise<void>} */ (new Promise((resolve) => terminal.write(written, resolve)))
  const buffer = terminal.buffer.active
  const lines = Array.from({ length: buffer.length }, (_, row) =>
    buffer.getLine(row)?.translateToString(true),
  )
  return lines.join('\n').trimEnd()
}
