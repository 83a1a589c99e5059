import { askRunningClis, type CliStatus, print, statusLine } from '@cli-ops/example-base'
import { useOps } from '@cli-ops/shared-ipc'

import { ProjectCommand } from '../project-command.js'

export class StatusCommand extends ProjectCommand {
  static override summary = 'ask every running CLI what it has'

  async run(): Promise<CliStatus[]> {
    await this.parse(StatusCommand)
    const clis = await askRunningClis(useOps())
    if (this.jsonEnabled()) return clis
    if (clis.length === 0) print('no other CLI is running')
    for (const cli of clis) print(statusLine(cli))
    return clis
  }
}
