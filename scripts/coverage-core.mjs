// Counts the branches of the code that the promises rest on, over the tests, all processes and threads that they start,
// and the schedule explorer: `npm run coverage:core`, or `npm run coverage:core -- --list` to list every path that
// nothing took. A killed process is not counted: it can no longer report what it ran.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { addBundles, branchesOfVitest } from './branch-counts.mjs'
import { buildJs } from './build.mjs'
import { root } from './workspaces.mjs'

/** The tests that run most of this code in processes that end on their own. The explorer's tests run separately. */
const TESTS = [
  ...[
    'core/test',
    'yargs-plugin/test',
    ...['redis-driver-conformance', 'coordination', 'settling'].map(
      (name) => `driver-redis/test/${name}`,
    ),
  ].map((path) => `packages/${path}`),
  ...['faults', 'attacks', 'storm'].map((area) => `test/${area}`),
]
const SOURCES = join(root, 'packages/core/src')

/** The code that the promises of docs/reliability.md rest on. @type {readonly (readonly [area: string, files: RegExp])[]} */
const AREAS = [
  [
    'locks',
    /^(locks|drivers\/local\/locks|command\/(block-for-lock|take-free-lock|try-lock-now)\.ts)/,
  ],
  ['event log', /^(events|drivers\/local\/events)\//],
  ['framing and requests', /^(rpc|drivers\/local\/rpc)\//],
]

// Count only bundles that hold sources of the core; a plugin's holds the lifecycle. Of the explorer's, count only the
// real code.
const BUNDLES = /\/(packages\/[\w-]+\/dist|\.cache\/explorer\/real-)/

const folder = join(root, 'coverage/core')
const raw = join(folder, 'processes')
rmSync(folder, { recursive: true, force: true })
rmSync(join(root, '.cache/explorer'), { recursive: true, force: true })
mkdirSync(raw, { recursive: true })
// Some tests start processes of other users.
chmodSync(raw, 0o1777)

let failed = false
try {
  run(
    'node_modules/vitest/vitest.mjs',
    [
      ...['run', ...TESTS, '--reporter=dot', '--coverage', '--coverage.reporter=json'],
      '--coverage.reportOnFailure',
      `--coverage.reportsDirectory=${join(folder, 'vitest')}`,
      '--coverage.include=packages/core/src/**/*.ts',
    ],
    { COVERAGE_FOLDER: raw },
  )
  run('test/explorer/run.mjs', ['--only', 'real, '], { NODE_V8_COVERAGE: raw })
  const branches = branchesOfVitest(join(folder, 'vitest/coverage-final.json'))
  const lost = await addBundles(branches, raw, BUNDLES)
  print(branches, lost)
} finally {
  await buildJs()
}
process.exitCode = failed ? 1 : 0

/** @param {string} script @param {readonly string[]} args @param {NodeJS.ProcessEnv} env */
function run(script, args, env) {
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  failed ||= status !== 0
}

/** @param {import('./branch-counts.mjs').BranchesByFile} branches @param {number} lost */
function print(branches, lost) {
  const rows = [...branches].map(([path, own]) => ({ name: relative(SOURCES, path), own }))
  const sums = AREAS.map(([area, files]) => {
    const counts = rows
      .filter(({ name }) => files.test(name))
      .flatMap(({ own }) => own.flatMap((branch) => branch.counts))
    return { area, taken: counts.filter((count) => count > 0).length, all: counts.length }
  })
  const total = {
    area: 'together',
    taken: sums.reduce((sum, { taken }) => sum + taken, 0),
    all: sums.reduce((sum, { all }) => sum + all, 0),
  }
  console.log('\n| code | branches taken | of | % |\n| --- | ---: | ---: | ---: |')
  for (const { area, taken, all } of [...sums, total])
    console.log(`| ${area} | ${taken} | ${all} | ${((100 * taken) / all).toFixed(1)} |`)
  if (lost > 0) console.log(`\n${lost} branches of bundles match no branch of a source.`)
  if (!process.argv.includes('--list')) return
  for (const { name, own } of rows.filter(({ name }) =>
    AREAS.some(([, files]) => files.test(name)),
  )) {
    const open = own.flatMap(({ type, line, counts }) =>
      counts.flatMap((count, way) =>
        count > 0 ? [] : [`${line} ${type} ${way + 1}/${counts.length}`],
      ),
    )
    if (open.length > 0) console.log(`\n${name}: ${open.join(', ')}`)
  }
}
