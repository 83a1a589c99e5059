import { Command } from 'commander'

import { examples, notes } from '../examples.js'

import { parsePort } from '../parse-port.js'

interface Options {
  readonly port?: number
  readonly open?: boolean
  readonly allowRelease?: boolean
  readonly json?: boolean
}

/** `cli-ops dashboard`. */
export function dashboardCommand(): Command {
  return new Command('dashboard')
    .description('show the same as "top" as a page on this machine, until Ctrl-C')
    .option('--port <port>', 'listen on this port of 127.0.0.1 (default: a free one)', parsePort)
    .option('--open', 'open the page in the browser')
    .option('--allow-release', 'let the page release locks; by default it is read-only')
    .option('--json', 'print the link as a line of JSON')
    .addHelpText(
      'after',
      notes(
        [
          'The link is the first line of stdout. Its random token gives access to everything on the page, so keep it secret.',
        ],
        examples(
          'cli-ops dashboard --open',
          'ssh -L 8080:127.0.0.1:8080 build-7 cli-ops dashboard --port 8080',
        ),
      ),
    )
    .action(async (options: Options) => {
      const { runDashboard } = await import('../dashboard/run-dashboard.js')
      const { endAs } = await import('../end-as.js')
      endAs(await runDashboard(options))
    })
}
