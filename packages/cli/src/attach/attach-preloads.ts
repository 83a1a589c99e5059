import type { ProgramCommand } from '@cli-ops/shared-ipc/ops'

import { installedVersion } from '../init/read-project.js'
import type { AttachedBy, AttachTask } from './attach-program.js'
import { PRELOADED } from './find-framework.js'
import { NotAttachable, runInstead } from './not-attachable.js'
import { preloadFile } from './plugin-folder.js'
import { type Probe, runProbe } from './run-probe.js'
import { writeShim } from './shim.js'

/**
 * Attaches a program by a shim that loads the plugins' preloads before it. To verify this, it runs the shim with --help; the preloads
 * report whether a command line was parsed, and which commands exist.
 *
 * @throws NotAttachable; no shim is then left behind
 */
export async function attachPreloads(task: AttachTask): Promise<AttachedBy> {
  const { home, command, script } = task
  const available = PRELOADED.flatMap(({ name, plugin }) => {
    const file = preloadFile(plugin)
    return file === undefined ? [] : [{ name, file }]
  })
  const probe = (...words: readonly string[]): Promise<Probe> => {
    // Bypasses an existing shim, which might work: the first probe must not touch it.
    const requires = available.map(({ file }) => `--require=${file}`)
    const args = [...script.nodeArgs, ...requires, script.file, ...words, '--help']
    const env = script.nodePath === undefined ? {} : { NODE_PATH: script.nodePath }
    return runProbe({ file: process.execPath, args, env })
  }
  const seen = await probe()
  const frameworks = available.filter(({ name }) => parsedBy(seen, name))
  if (frameworks.length === 0) throw unseen(task, seen)
  const commands = [...commandsOf(seen)]
  for (const parent of unknownParents(task.given, commands))
    commands.push(...commandsOf(await probe(...parent.split(' '))))
  task.judge(commands)
  const shim = writeShim(home, { command, script, preloads: frameworks.map(({ file }) => file) })
  try {
    const proof = await runProbe({ file: shim.path, args: ['--help'] })
    if (!frameworks.some(({ name }) => parsedBy(proof, name)))
      throw new NotAttachable(
        `${shim.path} starts it, but the plugin is not loaded`,
        runInstead(command, task.lock),
      )
  } catch (error) {
    shim.undo()
    throw error
  }
  const { name: framework = '' } = frameworks[0] ?? {}
  return {
    framework,
    version: versionFor(task, framework),
    commands,
    shim: shim.path,
    undo: shim.undo,
  }
}

function parsedBy({ reports }: Probe, framework: string): boolean {
  return reports.some((report) => report.hasParsed && report.framework === framework)
}

function commandsOf({ reports }: Probe): readonly ProgramCommand[] {
  return reports.filter(({ hasParsed }) => hasParsed).flatMap(({ commands }) => commands)
}

/** Returns commands whose subcommands are not known yet: yargs declares those when the parent runs. */
function unknownParents(
  given: readonly string[],
  known: readonly ProgramCommand[],
): readonly string[] {
  const paths = new Set(known.map(({ path }) => path))
  const missing = given
    .filter((name) => !paths.has(name))
    .map((name) => name.replaceAll(':', ' '))
    .filter((name) => !paths.has(name))
  const parents = missing.map((name) => name.slice(0, Math.max(0, name.lastIndexOf(' '))))
  return [...new Set(parents)].filter((parent) => paths.has(parent))
}

/**
 * Explains why nothing was seen: the version is too old, a plugin is missing, the program fails here, or it uses another
 * framework.
 */
function unseen(task: AttachTask, { reports, failure }: Probe): NotAttachable {
  const { command, lock } = task
  const reason = reports.find((report) => report.reason !== undefined)?.reason
  if (reason !== undefined) return new NotAttachable(reason, runInstead(command, lock))
  for (const { name, plugin } of PRELOADED) {
    if (preloadFile(plugin) !== undefined || versionFor(task, name) === null) continue
    return new NotAttachable(
      `it uses ${name}, whose plugin is not installed here`,
      `run "npm install --global ${plugin}", then attach it again`,
    )
  }
  const names = PRELOADED.map(({ name }) => name).join(' or ')
  if (failure !== undefined)
    return new NotAttachable(
      `"${command} --help" ended with ${failure}`,
      `attach it where this works, or ${runInstead(command, lock)}`,
    )
  return new NotAttachable(
    `no command line reached ${names} when it was run with --help here: it uses another framework, or bundles yargs`,
    runInstead(command, lock),
  )
}

/** Returns `null` if the program does not find the framework in a folder: it is bundled. */
function versionFor({ folder }: AttachTask, framework: string): string | null {
  return folder === undefined ? null : (installedVersion({ folder }, framework) ?? null)
}
