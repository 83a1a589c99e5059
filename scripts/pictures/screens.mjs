// Draws what a person at a terminal sees of a team of CLIs, at four widths: docs/guides/screens/*.svg.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../workspaces.mjs'
import { captureScreen } from './capture-screen.mjs'
import { terminalSvg } from './terminal-svg.mjs'

const WIDTHS = [40, 60, 80, 120]

/** @type {readonly { name: string, command: readonly string[], until: RegExp, rows?: number }[]} */
const SCREENS = [
  {
    name: 'why',
    command: ['cli-ops', 'why', 'production'],
    until: /release production[^]*\n[^]*$/u,
    rows: 40,
  },
  {
    name: 'top',
    command: ['cli-ops', 'top'],
    until: /task-dat[^]*help/u,
    rows: 16,
  },
  {
    name: 'wait',
    command: ['cli-ops', 'run', '--lock', 'production', '--', 'report.sh'],
    until: /3rd[^]* [2-9] s/u,
    rows: 4,
  },
]

/**
 * Draws the screens, and returns the paths of their files.
 *
 * @param {import('./team.mjs').Team} team
 */
export async function drawScreens(team) {
  const folder = join(root, 'docs/guides/screens')
  mkdirSync(folder, { recursive: true })
  const paths = []
  for (const { name, command, ...options } of SCREENS) {
    for (const columns of WIDTHS) {
      const lines = await captureScreen(command, { columns, env: team.env, ...options })
      for (const { runs } of lines)
        for (const run of runs) run.text = run.text.replaceAll(team.folder, '/home/dev')
      const path = join(folder, `${name}-${columns}.svg`)
      const shown = [{ runs: [{ text: `$ ${command.join(' ')}`, isDim: true }] }, ...lines]
      writeFileSync(
        path,
        terminalSvg({
          columns,
          lines: name === 'top' ? lines : shown,
          label: `${command.join(' ')} in ${columns} columns`,
        }),
      )
      paths.push(path)
    }
  }
  return paths
}
