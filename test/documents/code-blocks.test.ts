import { existsSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

import { root, workspaces } from '../../scripts/workspaces.mjs'
import { codeBlocks, documents } from './markdown.js'
import { javaScriptBlocks, runBlock } from './run-block.js'
import { TemporaryUser } from './start-cli.js'

// The reader's own functions, which the samples assume.
const ASSUMED_TYPES = `
  declare function loadTasks(tag?: unknown): { id: string; title: string }[]
  declare function addTask(ops: import('@cli-ops/shared-ipc').Coordinator, title: string): Promise<void>
`

const PAGES = groupBy(javaScriptBlocks(), ({ place }) => place.replace(/:\d+$/u, ''))

// A reader has one home, and runs one block after the other.
test.each([...PAGES])(
  'JavaScript in %s runs, from the first block to the last',
  async (_, blocks) => {
    const { environment } = new TemporaryUser()
    const failed: Record<string, string> = {}
    for (const block of blocks) {
      const reason = await runBlock(block, { cwd: root, env: environment })
      if (reason !== '') failed[block.place] = reason
    }
    expect(failed).toEqual({})
  },
)

// A copied program would end at once, without a word.
test('a sample that makes a program parses its command line', () => {
  const silent = documents()
    .flatMap((path) => codeBlocks(path, ['js', 'ts']))
    .filter(({ remarks }) => !remarks.includes('no-run'))
    .filter(({ code }) => /from '(?:commander|yargs)'/u.test(code))
    .filter(({ code }) => !/\.parse(?:Async)?\(/u.test(code))
  expect(silent.map(({ place }) => place)).toEqual([])
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

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one])
  return groups
}

/** Checks files that exist only here, against the packages' sources. */
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
