// Draws two scenes of the demo as a moving picture of a terminal, in their own time: docs/demo.svg.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { root } from '../workspaces.mjs'
import { terminalSvg } from './terminal-svg.mjs'

/** How the titles of the scenes begin. */
const SCENES = ['One holds the lock', 'The holder of the lock is killed']
/** As wide as the column of text around it, so that it is not scaled down there. */
const COLUMNS = 76
/** Time to read a scene before the next one begins. */
const BETWEEN_MS = 2_500

/** Draws the picture, and returns the path of its file. */
export function drawDemo() {
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'examples/demo/run.mjs')], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', USER: 'dev' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`the demo ended with ${status}, so there is nothing to show`)
  let beginMs = 0
  const lines = stdout
    .split(/\n(?=\d+\. )/)
    .filter((scene) => SCENES.some((title) => scene.split('\n')[0]?.includes(title)))
    .flatMap((scene) => {
      const timed = timeLines(scene, beginMs)
      beginMs = (timed.at(-1)?.atMs ?? 0) + BETWEEN_MS
      return [...timed, { runs: [] }]
    })
    .slice(0, -1)
  const path = join(root, 'docs/demo.svg')
  writeFileSync(path, terminalSvg({ columns: COLUMNS, lines, label: 'Two scenes of npm run demo' }))
  return path
}

/**
 * Each line of a process begins with the time at which it was printed; the others follow at once.
 *
 * @param {string} scene
 * @param {number} beginMs
 */
function timeLines(scene, beginMs) {
  const lines = scene
    .trim()
    .split('\n')
    // What the other long-running CLIs print belongs to another scene.
    .filter((line) => !/ (?:watch|follow|projects) +│/.test(line))
  const first = lines.map(timeOf).find((ms) => ms !== undefined) ?? 0
  let atMs = beginMs
  return lines.flatMap((line) => {
    const ms = timeOf(line)
    if (ms !== undefined) atMs = beginMs + Math.max(0, ms - first)
    return wrapped(line).map((text) => ({ atMs, runs: [{ text, ...styleOf(line) }] }))
  })
}

/**
 * Breaks a line between words, behind the column of the process that printed it.
 *
 * @param {string} line
 */
function wrapped(line) {
  const [head = ''] = /^.*?│ |^ */.exec(line) ?? []
  const indent = head.replace(/[^│]/g, ' ')
  const lines = [head]
  for (const word of line.slice(head.length).split(' ')) {
    const last = lines.length - 1
    const isFirst = lines[last] === head || lines[last] === indent
    const longer = `${lines[last]}${isFirst ? '' : ' '}${word}`
    if (isFirst || longer.length <= COLUMNS) lines[last] = longer
    else lines.push(`${indent}${word}`)
  }
  return lines
}

/** @param {string} line */
function timeOf(line) {
  const [, seconds] = /^ *(\d+\.\d\d) s /.exec(line) ?? []
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1_000)
}

/** @param {string} line */
function styleOf(line) {
  if (/^\d+\. /.test(line)) return { colour: 'white', isBold: true }
  if (line.includes('✓')) return { colour: 'green' }
  if (line.includes('│ $ ')) return { colour: 'blue' }
  if (line.includes('waiting for')) return { colour: 'yellow' }
  if (line.includes('kill -9')) return { colour: 'red' }
  return line.includes('│') ? {} : { isDim: true }
}
