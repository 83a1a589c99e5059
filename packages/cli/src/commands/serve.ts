import { Command } from 'commander'

import { serveTokenCommand } from './serve-token.js'

/** `cli-ops serve`. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('let CLIs on other machines join this one, over WebSocket')
    .addCommand(serveTokenCommand())
}
