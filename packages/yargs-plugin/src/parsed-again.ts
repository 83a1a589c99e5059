import type { CommandContext } from '@cli-ops/shared-ipc/lifecycle'

import type { YargsInstance } from './yargs-instance.js'

interface Look {
  readonly yargs: YargsInstance | undefined
  readonly context: CommandContext
}

let last: Look | undefined

/** Remembers, to the end of this tick, that a program looks at its arguments without a handler for them. */
export function noteLook(yargs: YargsInstance | undefined, context: CommandContext): void {
  const look = { yargs, context }
  last = look
  queueMicrotask(() => {
    if (last === look) last = undefined
  })
}

/**
 * Tells whether a program only parses its arguments a second time: some build their parser twice, first to look at the
 * arguments and then with the handlers (c8 does). Another instance is then given the same command without having
 * left the tick, and it is the command that has begun already.
 */
export function isParsedAgain(yargs: YargsInstance | undefined, context: CommandContext): boolean {
  if (last === undefined || last.yargs === yargs) return false
  const { command, args } = last.context
  return command === context.command && String(args) === String(context.args)
}
