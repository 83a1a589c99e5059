// Keeps the public API of every package as text in docs/api/, so that a review shows API changes.
//
//   npm run api             rewrites the reports
//   npm run api -- --check  fails if a report does not match the declarations
//
// Needs a full `npm run build` first.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import * as prettier from 'prettier'
import { root, workspaces } from './workspaces.mjs'

const folder = join(root, 'docs/api')
const temporary = join(root, '.cache/api-reports')
const isCheck = process.argv.includes('--check')

/** Entry points that only the kit's own packages import are not public. */
const INTERNAL = /\/(?:command|hooks|commands)(?:\/|$)/

const entries = workspaces()
  .filter(({ manifest }) => !manifest.private)
  .flatMap((workspace) =>
    workspace.entries
      .filter(({ specifier }) => specifier !== undefined && !INTERNAL.test(specifier))
      .map(({ specifier = '', output }) => ({ workspace, specifier, output })),
  )

mkdirSync(folder, { recursive: true })
/** @type {Map<string, string>} */
const reports = new Map()
for (const { workspace, specifier, output } of entries) {
  const declarations = join(workspace.dir, 'dist', `${output}.d.ts`)
  if (!existsSync(declarations)) {
    throw new Error(`${relative(root, declarations)} is missing, build first`)
  }
  const name = `${specifier.replace(/^@cli-ops\//, '').replaceAll('/', '-')}.api.md`
  reports.set(name, await reportOf(workspace.dir, declarations, name))
}

/** @type {string[]} */
const changed = []
for (const [name, report] of reports) {
  const path = join(folder, name)
  if (existsSync(path) && readFileSync(path, 'utf8') === report) continue
  changed.push(name)
  if (!isCheck) writeFileSync(path, report)
}
for (const name of readdirSync(folder)) {
  if (reports.has(name) || !name.endsWith('.api.md')) continue
  changed.push(name)
  if (!isCheck) rmSync(join(folder, name))
}
if (isCheck && changed.length > 0) {
  console.error(`the public API differs from docs/api: ${changed.join(', ')}; run npm run api`)
  process.exitCode = 1
} else {
  console.log(`${reports.size} entry points, ${changed.length} reports changed`)
}

/**
 * @param {string} dir
 * @param {string} declarations
 * @param {string} name
 */
async function reportOf(dir, declarations, name) {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: dir,
      mainEntryPointFilePath: declarations,
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: join(dir, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: temporary,
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(dir, 'package.json'),
  })
  mkdirSync(temporary, { recursive: true })
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      // It brings its own compiler, older than the one that wrote the declarations.
      message.handled = true
    },
  })
  const report = readFileSync(join(temporary, name), 'utf8')
  const options = await prettier.resolveConfig(join(folder, name))
  return inOrder(await prettier.format(report, { ...options, filepath: join(folder, name) }))
}

/**
 * Sorts the members of enumerations: the compiler writes them in the order in which it met them, which depends on its
 * cache. @param {string} report
 */
function inOrder(report) {
  return report.replace(
    /(z\.ZodEnum<\{\n)((?: +\S+: '[^']*'\n)+)/gu,
    (_all, head, members) => head + members.trimEnd().split('\n').sort().join('\n') + '\n',
  )
}
