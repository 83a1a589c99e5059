// Draws two scenes of the demo as a picture of a terminal: `npm run demo:picture` writes docs/demo.svg.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const folder = dirname(fileURLToPath(import.meta.url))
const target = join(folder, '../../docs/demo.svg')

/** How the titles of the scenes begin. */
const SCENES = ['One holds the lock', 'The holder of the lock is killed']
const COLUMNS = 128
const LINE_PX = 18
const COLUMN_PX = 7.85
const PADDING_PX = 18

const { status, stdout } = spawnSync(process.execPath, [join(folder, 'run.mjs')], {
  encoding: 'utf8',
  env: { ...process.env, NO_COLOR: '1', USER: 'dev' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
if (status !== 0) throw new Error(`the demo ended with ${status}, so there is nothing to show`)

const lines = stdout
  .split(/\n(?=\d+\. )/)
  .filter((scene) => SCENES.some((title) => scene.split('\n')[0]?.includes(title)))
  .flatMap((scene) => [...scene.trim().split('\n'), ''])
  // What the other long-running CLIs print belongs to another scene.
  .filter((line) => !/ (?:watch|follow|projects) +│/.test(line))
  .map((line) => (line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line))
  .slice(0, -1)

writeFileSync(target, picture(lines))
console.log(`docs/demo.svg: ${lines.length} lines`)

/** @param {readonly string[]} text */
function picture(text) {
  const width = Math.round(COLUMNS * COLUMN_PX + 2 * PADDING_PX)
  const height = text.length * LINE_PX + 2 * PADDING_PX
  const rows = text.map((line, index) => {
    const y = PADDING_PX + (index + 1) * LINE_PX - 5
    return `<text x="${PADDING_PX}" y="${y}" class="${styleOf(line)}">${escape(line)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Two scenes of npm run demo">
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre; fill: #c9d1d9 }
.heading { font-weight: 700; fill: #ffffff }
.command { fill: #79c0ff }
.waiting { fill: #e3b341 }
.kill { fill: #ff7b72 }
.check { fill: #7ee787 }
.remark { fill: #8b949e }
</style>
<rect width="100%" height="100%" rx="10" fill="#0d1117"/>
${rows.join('\n')}
</svg>
`
}

/** @param {string} line */
function styleOf(line) {
  if (/^\d+\. /.test(line)) return 'heading'
  if (line.includes('✓')) return 'check'
  if (line.includes('│ $ ')) return 'command'
  if (line.includes('waiting for')) return 'waiting'
  if (line.includes('kill -9')) return 'kill'
  return line.includes('│') ? 'output' : 'remark'
}

/** @param {string} text */
function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(' ', '\u00a0')
}
