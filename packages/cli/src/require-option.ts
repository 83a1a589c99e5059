import type { Command } from 'commander'

/** As commander's `requiredOption()`, but judged when the action begins: by then commander has told of a misspelt option. */
export function requireOption(command: Command, name: string): void {
  const option = command.options.find((one) => one.attributeName() === name)
  if (option !== undefined && command.getOptionValue(name) === undefined)
    command.error(`error: required option '${option.flags}' not specified`)
}
