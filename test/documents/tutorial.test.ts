import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import ts from 'typescript'
import { expect, onTestFinished, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { type CodeBlock, codeBlocks, fileOf } from './markdown.js'
import { TemporaryUser } from './start-cli.js'

const TUTORIAL = join(root, 'docs/guides/tutorial.md')
const PACKAGES = ['commander', 'yargs', ...['commander-plugin', 'yargs-plugin', 'cli'].map(own)]

const ESNEXT = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext }

function own(name: string): string {
  return `@cli-ops/${name}`
}

/** A shell of the reader, and its output. */
class Shell {
  output = ''
  readonly #child
  readonly #ended: Promise<unknown>
  #look: () => void = () => undefined

  constructor(script: string, cwd: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn('bash', ['-c', `exec 2>&1; ${script}`], { cwd, env, detached: true })
    onTestFinished(() => this.#kill())
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
      this.#look()
    })
    this.#ended = once(this.#child, 'close')
  }

  /** Resolves when it shows the text; rejects if it ends first. */
  async shows(text: string): Promise<void> {
    const shown = new Promise<true>((resolve) => {
      this.#look = () => {
        if (readable(this.output).includes(text)) resolve(true)
      }
      this.#look()
    })
    if ((await Promise.race([shown, this.#ended])) !== true) expect(this.output).toContain(text)
  }

  pressEnter(): void {
    this.#child.stdin.write('\n')
  }

  async toEnd(): Promise<string> {
    await this.#ended
    return readable(this.output)
  }

  #kill(): void {
    try {
      process.kill(-(this.#child.pid ?? 0), 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
}

/** Removes what differs from one run to the next. */
function readable(text: string): string {
  return text
    .replaceAll(/(?<=held for )\d+ m?s/gu, '2 s')
    .replaceAll(/\(pid \d+, [^)]+\)/gu, '(pid 4242, dev@build-7)')
}

function has({ remarks }: CodeBlock, remark: string): boolean {
  return remarks.includes(remark)
}

test('every step of the tutorial does what it says, in an empty folder', async () => {
  const user = new TemporaryUser()
  const folder = join(user.directory, 'together')
  for (const name of PACKAGES) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), place)
  }
  mkdirSync(join(folder, 'node_modules/.bin'))
  const program = join(root, 'packages/cli/dist/main.js')
  symlinkSync(program, join(folder, 'node_modules/.bin/cli-ops'))
  const blocks = codeBlocks(TUTORIAL, ['js', 'sh', 'text'])

  let second: Shell | undefined
  let steps = 0
  for (const [index, block] of blocks.entries()) {
    const file = fileOf(block)
    if (file !== undefined) writeFileSync(join(folder, file), block.code)
    if (block.language !== 'sh' || has(block, 'no-run')) continue
    steps += 1
    const next = blocks[index + 1]
    const wanted = next?.language === 'text' ? next.code : ''
    const shell = new Shell(block.code, folder, user.environment)
    if (has(block, 'second-terminal')) {
      second = shell
      await second.shows(wanted)
    } else if (has(block, 'waits')) {
      await shell.shows(wanted.split('\n')[0] ?? '')
      second?.pressEnter()
      expect(await shell.toEnd(), block.place).toBe(wanted)
    } else {
      const said = await shell.toEnd()
      if (has(block, 'varies')) expect(said, block.place).not.toMatch(/error/iu)
      else expect(said, block.place).toBe(wanted)
    }
  }
  expect(steps).toBe(8)
  await second?.shows('watching')

  // The types are checked with those of all documents.
  const typed = codeBlocks(TUTORIAL, ['ts'])
  for (const block of typed) {
    const { outputText } = ts.transpileModule(block.code, { compilerOptions: ESNEXT })
    writeFileSync(join(folder, `typed-${fileOf(block)?.replace('.ts', '.mjs')}`), outputText)
  }
  const script = 'node typed-todo.mjs list; node typed-report.mjs count; node typed-report.mjs news'
  const shell = new Shell(script, folder, user.environment)
  expect(await shell.toEnd()).toBe('8 tasks\ntodo has 8 tasks\n')
})
