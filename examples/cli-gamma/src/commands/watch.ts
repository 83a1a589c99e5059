import { note, print, printable, style } from '@cli-ops/example-base'
import { useOps } from '@cli-ops/shared-ipc'
import { Flags } from '@oclif/core'

import { ProjectCommand } from '../project-command.js'
import { loadProjects } from '../projects/project-store.js'

export class WatchCommand extends ProjectCommand {
  static override summary = 'print what happens to projects and items, and answer requests'
  // A line for each event, instead of the single JSON that oclif prints at the end.
  static override enableJsonFlag = false
  static override flags = { json: Flags.boolean({ summary: 'print each event as a line of JSON' }) }

  /** Ends with Ctrl-C. It needs no clean-up: the plugin does it. */
  async run(): Promise<void> {
    const { flags } = await this.parse(WatchCommand)
    const ops = useOps()
    const happening = ops.events.subscribe('*')
    const server = ops.serve()
    server.handle('get-projects', () => ({ projects: loadProjects() }))
    await server.ready
    note('watching, Ctrl-C ends it')

    for await (const event of happening) {
      const { type, data } = event
      if (!/^(?:project|item):/u.test(type)) continue
      const line = `${style('bold', printable(type))} ${JSON.stringify(data)}`
      print(flags.json ? JSON.stringify(event) : line)
    }
  }
}
