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
  if (!(error instanceof TypeError)) throw error
  process.stderr.write(`create-cli-ops: ${error.message}\n`)
  process.exitCode = 2
}

async function main(): Promise<number> {
  const wanted = readArguments(process.argv.slice(2))
  if (wanted.help || wanted.version) {
    process.stdout.write(wanted.help ? USAGE : `${version}\n`)
    return 0
  }
  const { tarballs } = wanted
  const folder = resolve(wanted.folder ?? (await askFor('the folder', 'Folder?', 'my-cli')))
  const name = programName(folder)
  if (!isFree(folder)) {
    process.stderr.write(`create-cli-ops: ${folder} is not empty; nothing was written\n`)
    return 1
  }
  const names = FRAMEWORKS.map((framework) => framework.name).join(', ')
  const framework =
    wanted.framework ??
    frameworkNamed(await askFor('--framework', `Framework: ${names}?`, 'commander'))
  createProject({ folder, name, framework, source: { version, tarballs } })
  process.stdout.write(nextSteps(folder))
  return 0
}

/** @throws TypeError if there is no terminal to ask on */
function askFor(what: string, question: string, defaultAnswer: string): Promise<string> {
  if (process.stdin.isTTY && process.stderr.isTTY) return ask(question, defaultAnswer)
  throw new TypeError(`${what} must be given without a terminal to ask on`)
}

function nextSteps(folder: string): string {
  const manager = /^(?:pnpm|yarn|bun)(?=\/)/u.exec(process.env['npm_config_user_agent'] ?? '')
  const run = manager?.[0] ?? 'npm'
  const place = relative(process.cwd(), folder)
  const steps = [...(place === '' ? [] : [`cd ${place}`]), `${run} install`, `${run} test`]
  return `Created ${folder}. Now:\n\n${steps.map((step) => `  ${step}`).join('\n')}\n`
}
