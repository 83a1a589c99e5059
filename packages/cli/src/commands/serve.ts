import { Command } from 'commander'

import { examples, notes } from '../examples.js'

import { parsePort } from '../parse-port.js'
import { HUB_LIMITS } from '../serve/hub-limits.js'
import { serveKeyCommand } from './serve-key.js'

/** `cli-ops serve`. */
export function serveCommand(): Command {
  const collect = (value: string, all: readonly string[] = []): readonly string[] => [...all, value]
  const command = new Command('serve')
  command
    // `--json` of `key list` belongs to that command.
    .enablePositionalOptions()
    .description('let CLIs on other machines join this one, over WebSocket, until Ctrl-C')
    .option(
      '--host <address>',
      'listen on this address; anything but loopback needs TLS',
      '127.0.0.1',
    )
    .option('--port <port>', 'listen on this port; 0 for a free one', parsePort, 4711)
    .option('--tls-cert <file>', 'the certificate with its intermediates, PEM')
    .option('--tls-key <file>', 'its key, PEM; SIGHUP reloads both')
    .option('--store <url>', 'where to store everything: "local:" or an engine', 'local:')
    .option('--allow-origin <origin>', 'let pages of this origin connect; repeat for more', collect)
    .option('--allow-host <name>', 'another host name that clients use; repeat for more', collect)
    .option('--path <path>', 'path of its URL, if a reverse proxy passes it on unchanged')
    .option('--quiet', 'log only what an operator must know, not every connection')
    .option('--json', 'print the URL, and the log on stderr, as lines of JSON')
    .option('--check <url>', 'do not serve; check the hub at this URL and exit')
    .addHelpText(
      'after',
      notes(
        [
          "Without --store, the hub uses the store of this machine's own CLIs, so they and the remote ones share it. Put an engine's password in a variable, such as CLI_OPS_REDIS_PASSWORD_FILE. The home keeps the digests of the access keys.",
        ],
        examples(
          'cli-ops serve key add laptop-7 --scope read,emit,lock,call --expires 30d',
          'cli-ops serve --host 0.0.0.0 --tls-cert hub.pem --tls-key hub.key',
          'cli-ops serve --check wss://build-7:4711',
        ),
      ),
    )
    .action(async ({ check, ...options }) => {
      const { endAs } = await import('../end-as.js')
      if (typeof check === 'string') {
        const { checkHub } = await import('../serve/check-hub.js')
        const { withContext } = await import('../with-context.js')
        await withContext([check], options as Record<string, unknown>, checkHub)
        return
      }
      const { runServe } = await import('../serve/run-serve.js')
      endAs(await runServe(options as Parameters<typeof runServe>[0]))
    })
    .addCommand(serveKeyCommand())
  for (const { flag, kind, help, default: byDefault } of HUB_LIMITS)
    command.option(`--${flag} <${kind}>`, `${help} (default: ${byDefault})`)
  return command
}
