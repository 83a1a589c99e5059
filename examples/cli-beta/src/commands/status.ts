import { askRunningClis, print, printJson, statusLine } from '@cli-ops/example-base'
import { useOps } from '@cli-ops/shared-ipc'
import type { Argv } from 'yargs'

import { JSON_OPTION } from './json-option.js'

export function statusCommand(program: Argv): Argv {
  return program.command(
    'status',
    'ask every running CLI what it has',
    (command) => command.option('json', JSON_OPTION),
    (options) => showStatus(options),
  )
}

async function showStatus({ json }: { readonly json: boolean }): Promise<void> {
  const clis = await askRunningClis(useOps())
  if (json) printJson(clis)
  else if (clis.length === 0) print('no other CLI is running')
  else for (const cli of clis) print(statusLine(cli))
}
