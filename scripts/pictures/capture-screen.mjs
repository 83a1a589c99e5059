import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import xterm from '@xterm/headless'
import { root } from '../workspaces.mjs'
import { PALETTE } from './terminal-svg.mjs'

const LIMIT_MS = 60_000
const PTY = join(root, 'packages/cli/test/fixtures/on-pty.py')

/**
 * Runs a program on a pseudo-terminal, and returns the lines that a person would see once they match, as `terminalSvg` draws them; the
 * program is ended then.
 *
 * @param {readonly string[]} command
 * @param {{ columns: number, rows?: number, env: NodeJS.ProcessEnv, until: RegExp }} options
 * @returns {Promise<import('./terminal-svg.mjs').Line[]>}
 */
export async function captureScreen(command, { columns, rows = 24, env, until }) {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true })
  const child = spawn('python3', [PTY, String(columns), String(rows), ...command], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  try {
    for await (const data of child.stdout) {
      await new Promise((resolve) => terminal.write(data, () => resolve(undefined)))
      if (until.test(textOf(terminal))) return linesOf(terminal)
    }
    throw new Error(`${command.join(' ')} never showed ${String(until)}:\n${textOf(terminal)}`)
  } finally {
    clearTimeout(limit)
    // Without its keyboard, the program is killed.
    child.stdin.end()
    await ended
  }
}

/** @param {xterm.Terminal} terminal */
function textOf({ buffer: { active }, rows }) {
  return Array.from({ length: rows }, (_, row) =>
    active.getLine(row)?.translateToString(true),
  ).join('\n')
}

/** @param {xterm.Terminal} terminal */
function linesOf({ buffer: { active }, rows, cols }) {
  const lines = Array.from({ length: rows }, (_, row) => ({
    runs: runsOf(active.getLine(row), cols),
  }))
  while (lines.at(-1)?.runs.length === 0) lines.pop()
  return lines
}

/**
 * @param {xterm.IBufferLine | undefined} line
 * @param {number} columns
 */
function runsOf(line, columns) {
  /** @type {import('./terminal-svg.mjs').Run[]} */
  const runs = []
  for (let column = 0; column < columns; column += 1) {
    const cell = line?.getCell(column)
    if (cell === undefined || cell.getWidth() === 0) continue
    const run = {
      text: cell.getChars() || ' ',
      colour: cell.isFgPalette() ? PALETTE[cell.getFgColor() % 8] : undefined,
      isBold: cell.isBold() !== 0,
      isDim: cell.isDim() !== 0 || (cell.isFgPalette() && cell.getFgColor() === 8),
      isInverse: cell.isInverse() !== 0,
    }
    const last = runs.at(-1)
    if (last !== undefined && isAlike(last, run))
      runs[runs.length - 1] = { ...last, text: last.text + run.text }
    else runs.push(run)
  }
  const last = runs.at(-1)
  if (last !== undefined && last.isInverse !== true && last.text.trim() === '') runs.pop()
  return runs
}

/**
 * @param {import('./terminal-svg.mjs').Run} one
 * @param {import('./terminal-svg.mjs').Run} other
 */
function isAlike(one, other) {
  return (
    one.colour === other.colour &&
    one.isBold === other.isBold &&
    one.isDim === other.isDim &&
    one.isInverse === other.isInverse
  )
}
