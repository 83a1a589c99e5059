import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

import { root, workspaces } from '../../scripts/workspaces.mjs'
import { codeBlocks, documents, fileOf } from './markdown.js'
import { TemporaryUser } from './start-cli.js'

// What the samples take for given: the reader's own functions.
const ASSUMED = 'globalThis.loadTasks = () => []'
const ASSUMED_TYPES = `
  declare function loadTasks(tag?: unknown): { id: string; title: string }[]
  declare function addTask(ops: import('@cli-ops/shared-ipc').Coordinator, title: string): Promise<void>
`

describe('JavaScript in the documents runs', () => {
  const blocks = documents()
    .flatMap((path) => codeBlocks(path, ['js']))
    // A file of a tutorial is run where its steps are.
    .filter((block) => !block.remarks.includes('no-run') && fileOf(block) === undefined)

  test.each(blocks)('$place', async ({ code }) => {
    // As copied, so that what this Node does not know is an error. A server of a sample would go on for ever.
    const script = `${ASSUMED}\n${code}\nprocess.exit()`
    const { environment } = new TemporaryUser()
    expect(await run(script, environment)).toBe('')
  })
})

test('TypeScript in the documents has no type errors', () => {
  const blocks = documents().flatMap((path) => codeBlocks(path, ['ts', 'typescript']))
  expect(blocks.length).toBeGreaterThan(0)
  const folder = join(root, 'test/documents')
  const files = new Map<string, string>([[join(folder, 'assumed.d.ts'), ASSUMED_TYPES]])
  for (const { place, code } of blocks)
    files.set(join(folder, `${place.replaceAll(/[/:]/gu, '~')}.ts`), `${code}\nexport {}\n`)
  expect(typeErrorsIn(files)).toEqual([])
})

/** Runs a module; resolves to why it failed, in short, since a stack may show a whole bundle. */
function run(script: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    const parameters = ['--input-type=module', '--eval', script]
    execFile(process.execPath, parameters, { cwd: root, env }, (error, _stdout, stderr) => {
      const reason = stderr.split('\n').find((line) => /^\S*Error|\[.*Error\]/u.test(line))
      resolve(error === null ? '' : (reason ?? stderr.slice(-500)))
    })
  })
}

/** Checks files that exist only here, against the sources of the packages. */
function typeErrorsIn(files: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) =>
    ts.sys.readFile(path),
  ) as { config: object }
  const paths = Object.fromEntries(
    workspaces()
      .flatMap(({ entries }) => entries)
      .flatMap(({ specifier, source }) =>
        specifier !== undefined && existsSync(source) ? [[specifier, [source]]] : [],
      ),
  )
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root)
  Object.assign(options, { paths, composite: false, declaration: false, noEmit: true })
  delete options.emitDeclarationOnly
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  host.readFile = (path) => files.get(path) ?? readFile(path)
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.getSourceFile = (path, version, ...rest) => {
    const text = files.get(path)
    return text === undefined
      ? getSourceFile(path, version, ...rest)
      : ts.createSourceFile(path, text, version)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return [...files.keys()].flatMap((path) => {
    const source = program.getSourceFile(path)
    return ts.getPreEmitDiagnostics(program, source).map(({ messageText, start = 0 }) => {
      const line = source === undefined ? 0 : source.getLineAndCharacterOfPosition(start).line + 1
      return `${path.slice(root.length + 1)}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
  })
}
