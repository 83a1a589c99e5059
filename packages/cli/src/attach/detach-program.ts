import { closestName, type OpsRun, say } from '@cli-ops/shared-ipc/ops'

import { Attachments } from './attachment.js'
import { ConfigFile } from './config-file.js'
import { unlinkPlugin } from './oclif-plugin-link.js'
import { removeShim } from './shim.js'

/** `detach <program>`: undoes what `attach` did. Exit code 1 if the program is not attached. */
export const detachProgram: OpsRun = async ({ args, connection: { home }, print }) => {
  const [program = ''] = args
  const attachments = new Attachments(home)
  const attachment = attachments.find(program)
  if (attachment === undefined) {
    const meant = closestName(
      program,
      attachments.list().map(({ command }) => command),
    )
    say(`"${program}" is not attached${meant === undefined ? '' : `; did you mean "${meant}"?`}`)
    return 1
  }
  const { cli, command, rules, shim, dataDir } = attachment
  const kept = await new ConfigFile(home).removeRules(cli, rules)
  if (shim !== undefined) removeShim(shim)
  if (dataDir !== undefined) await unlinkPlugin(home, dataDir)
  attachments.remove(attachment)
  const removed = Object.keys(rules).filter((key) => !kept.includes(key))
  const rest = kept.map((key) => `"${key}"`).join(', ')
  print(
    { command, cli, removed, kept },
    kept.length === 0
      ? `${command} is detached`
      : `${command} is detached; config.json keeps the rules for ${rest}, which have changed since`,
  )
  return 0
}
