#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'

import { ask } from './ask.js'
import { createProject, isFree } from './create-project.js'
import { FRAMEWORKS } from './frameworks.js'
import { frameworkNamed, programName, readArguments, USAGE } from './read-arguments.js'

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { readonly version: string }

try {
  process.exitCode = await main()
} catch (error) {
  report(error)
  process.exitCode = 2
}

async function main(): Promise<number> {
  const wanted = readArguments(process.argv.slice(2))
  if (wanted.help || wanted.version) {
    process.stdout.write(wanted.help ? USAGE : `${version}\n`)
    return 0
  }
  const { tarballs } = wanted
  const folder = resolve(
    wanted.folder ?? (await askFor('folder', 'Folder?', 'my-cli', namedFolder)),
  )
  const name = programName(folder)
  if (!isFree(folder)) {
    process.stderr.write(`create-cli-ops: ${folder} is not empty; nothing was written\n`)
    return 1
  }
  const names = FRAMEWORKS.map((framework) => framework.name).join(', ')
  const framework =
    wanted.framework ??
    (await askFor('framework', `Framework: ${names}?`, 'commander', frameworkNamed))
  createProject({ folder, name, framework, source: { version, tarballs } })
  process.stdout.write(nextSteps(folder))
  return 0
}

/** Asks until the answer is valid. @throws TypeError if there is no terminal to ask on */
async function askFor<T>(
  what: string,
  question: string,
  defaultAnswer: string,
  read: (answer: string) => T,
): Promise<T> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new TypeError(
      `no terminal to ask for the ${what}; give both: npm create cli-ops my-cli -- --framework commander`,
    )
  }
  for (;;) {
    const answer = await ask(question, defaultAnswer)
    try {
      return read(answer)
    } catch (error) {
      report(error)
    }
  }
}

function namedFolder(answer: string): string {
  programName(answer)
  return answer
}

/** Writes what is wrong with an argument or an answer; throws anything else. */
function report(error: unknown): void {
  if (!(error instanceof TypeError)) throw error
  process.stderr.write(`create-cli-ops: ${error.message}\n`)
}

function nextSteps(folder: string): string {
  const manager = /^(?:pnpm|yarn|bun)(?=\/)/u.exec(process.env['npm_config_user_agent'] ?? '')
  const run = manager?.[0] ?? 'npm'
  const place = relative(process.cwd(), folder)
  const steps = [...(place === '' ? [] : [`cd ${place}`]), `${run} install`, `${run} test`]
  return `Created ${folder}. Now:\n\n${steps.map((step) => `  ${step}`).join('\n')}\n`
}
