// The long run: every scenario of storms, faults and attacks at the sizes that the goals name, and the schedule
// explorer's. `npm run test:storm` writes the figures into docs/reliability.md; `npm run test:storm -- NAME…` runs the
// test files whose path contains a NAME (and the explorer for "explorer"), and only prints them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { root } from '../../scripts/workspaces.mjs'
import { toReport } from './to-report.mjs'

const REPORT = join(root, 'docs', 'reliability.md')
const EXPLORER = join(root, 'test', 'explorer', 'run.mjs')
const BEGIN = '<!-- begin of what npm run test:storm found -->'
const END = '<!-- end of what npm run test:storm found -->'

const names = process.argv.slice(2)
const isWanted = (/** @type {string} */ path) =>
  names.length === 0 || names.some((name) => path.includes(name))

const files = ['storm', 'faults', 'attacks']
  .flatMap((area) => readdirSync(join(root, 'test', area)).map((name) => `test/${area}/${name}`))
  .filter((path) => path.endsWith('.test.ts') && isWanted(path))
const scratch = mkdtempSync(join(tmpdir(), 'cli-ops-storm-'))
const figuresFile = join(scratch, 'figures')
const totalsFile = join(scratch, 'totals.json')
const began = performance.now()

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [env]
 */
async function run(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    stdout += text
    process.stdout.write(text)
  })
  const [code] = await once(child, 'close')
  return { stdout, failed: code !== 0 }
}

let failed = false
if (files.length > 0) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const result = await run(
    process.execPath,
    [
      vitest,
      'run',
      ...files,
      // One after the other: times are among the figures.
      '--no-file-parallelism',
      '--testTimeout=900000',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${totalsFile}`,
    ],
    { CLI_OPS_STORM: 'long', CLI_OPS_STORM_FIGURES: figuresFile },
  )
  failed ||= result.failed
}
let schedules = ''
if (existsSync(EXPLORER) && isWanted(EXPLORER)) {
  const result = await run(process.execPath, [EXPLORER, '--long'])
  failed ||= result.failed
  schedules = result.stdout
}

const report = toReport({
  figures: readLines(figuresFile),
  totals: existsSync(totalsFile) ? JSON.parse(readFileSync(totalsFile, 'utf8')) : undefined,
  schedules,
  minutes: (performance.now() - began) / 60_000,
  machine: `${cpus().length} cores, ${process.platform} ${release()}, Node ${process.versions.node}`,
})
rmSync(scratch, { recursive: true })
console.log(`\n${report}`)
if (names.length === 0) {
  const text = readFileSync(REPORT, 'utf8')
  const [before = ''] = text.split(BEGIN)
  const [, after = ''] = text.split(END)
  writeFileSync(REPORT, `${before}${BEGIN}\n\n${report}\n${END}${after}`)
  await run('npx', ['prettier', '--write', REPORT])
}
process.exitCode = failed ? 1 : 0

/** @param {string} file */
function readLines(file) {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}
