import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import {
  createStyle,
  describeOwnProcess,
  hasColour,
  PLAIN_STYLE,
  say,
} from '@cli-ops/shared-ipc/ops'

import { EXIT_USAGE } from '../../exit-codes.js'
import { FRAMEWORKS } from '../frameworks.js'
import { readProject } from '../read-project.js'
import { adviseOn, noFramework, noPackage } from '../show-init.js'
import { planWiring } from './plan-wiring.js'
import { uncommitted } from './uncommitted.js'
import { unifiedDiff } from './unified-diff.js'

interface WriteOptions {
  readonly yes?: boolean
  readonly force?: boolean
  readonly file?: string
}

/** `init --write`: shows the changes, asks, and applies them. Returns the exit code: 1 if nothing could be wired, or the answer was no. */
export async function writeInit(folder: string, options: WriteOptions): Promise<number> {
  describeOwnProcess({ name: 'cli-ops' })
  try {
    return await write(folder, options)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    say(error.message)
    return EXIT_USAGE
  }
}

async function write(
  start: string,
  { yes = false, force = false, file: named }: WriteOptions,
): Promise<number> {
  const project = readProject(start)
  if (project === undefined) return refuse(noPackage(start))
  const found = FRAMEWORKS.flatMap((framework) =>
    adviseOn(framework, project).map((advice) => ({ framework, advice })),
  )
  const [only, ...others] = found
  if (only === undefined) return refuse(noFramework(project))
  const { framework, advice } = only
  const { version, supported, hasPlugin } = advice
  if (others.length > 0)
    return refuse(
      `package.json depends on ${found.map((one) => one.framework.name).join(' and ')}; add the lines of "cli-ops init" by hand`,
    )
  if (!supported)
    return refuse(
      `${framework.name} ${version} is not supported; the plugin supports ${framework.majors.join(' to ')}`,
    )
  const plan = planWiring(project, framework, named)
  if ('refusal' in plan) return refuse(plan.refusal)
  const { changes } = plan
  if (changes.length === 0) {
    process.stdout.write(`${framework.name} ${version} is wired already; nothing to do\n`)
    return 0
  }
  const dirty = force
    ? []
    : uncommitted(
        project.folder,
        changes.map(({ file }) => file),
      )
  if (dirty.length > 0)
    return refuse(
      `uncommitted changes in ${dirty.join(' and ')}; commit or stash them, or pass --force`,
    )
  const diffs = changes.map(({ file, before, after }) => unifiedDiff(file, before, after))
  process.stdout.write(`${coloured(diffs.join('\n'))}\n`)
  if (!yes && !(await isWanted())) return 1
  for (const { file, after } of changes) writeFileSync(join(project.folder, file), after)
  const what = hasPlugin ? '' : `. Now run: ${project.install.split(' ')[0] ?? 'npm'} install`
  process.stdout.write(`Changed ${changes.map(({ file }) => file).join(' and ')}${what}\n`)
  // The plugin alone locks nothing.
  const command = changes.map(({ after }) => commandIn(after)).find((one) => one !== undefined)
  const rule = framework.rule(command ?? '*')
  process.stdout.write(`Then give a command its lock, ${framework.rulePlace}:\n\n  ${rule}\n`)
  return 0
}

/** A command that a program declares, for an example of a rule. */
function commandIn(code: string): string | undefined {
  return /\.command\(\s*\[?\s*(['"`])([\w:-]+)/u.exec(code)?.[2]
}

function refuse(message: string): number {
  say(message)
  return 1
}

function coloured(diff: string): string {
  const style = hasColour(process.stdout) ? createStyle(true) : PLAIN_STYLE
  return diff
    .split('\n')
    .map((line) => {
      if (/^(?:---|\+\+\+) /u.test(line)) return style.bold(line)
      if (line.startsWith('@@')) return style.accent(line)
      if (line.startsWith('+')) return style.good(line)
      return line.startsWith('-') ? style.bad(line) : line
    })
    .join('\n')
}

/** Asks the user; without a terminal, says how a script can confirm. */
async function isWanted(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    say('nothing was changed: there is no terminal to ask on; pass --yes to write')
    return false
  }
  process.stderr.write('Write these changes? [y/N] ')
  const reader = createInterface({ input: process.stdin, terminal: false })
  for await (const line of reader) {
    reader.close()
    process.stdin.unref()
    return /^y(?:es)?$/iu.test(line.trim())
  }
  return false
}
