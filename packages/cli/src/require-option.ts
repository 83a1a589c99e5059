import type { Command } from 'commander'

/** Like commander's `requiredOption()`, but checked when the action begins, so that commander reports a misspelt option first. */
export function requireOption(command: Command, name: string): void {
  const option = command.options.find((one) => one.attributeName() === name)
  if (option !== undefined && command.getOptionValue(name) === undefined)
    command.error(`error: required option '${option.flags}' not specified`)
}
