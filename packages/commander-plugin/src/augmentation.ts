import type {} from 'commander'

import type { CommanderPlugin } from './cli-ops.js'

declare module 'commander' {
  interface Command {
    /** Adds a plugin to this program. */
    use(plugin: CommanderPlugin): this
  }
}

/* eslint-disable @typescript-eslint/ban-ts-comment, @typescript-eslint/no-unused-vars, @typescript-eslint/no-explicit-any, @typescript-eslint/no-empty-object-type --
   The package is optional, and a merged declaration must repeat the parameters of the class to the letter. */

/** @ts-ignore Where the package is not installed there is nothing to declare. */
declare module '@commander-js/extra-typings' {
  interface Command<
    Args extends any[] = [],
    Opts extends Record<string, unknown> = {},
    GlobalOpts extends Record<string, unknown> = {},
  > {
    /** Adds a plugin to this program. */
    use(plugin: CommanderPlugin): this
  }
}
