import { processPart } from './process-state.js'

const options = (): Map<string, string> =>
  processPart('given-options', () => new Map<string, string>())

/** Notes that an option of the command line has set an environment variable: `--url` sets `CLI_OPS_URL`. */
export function nameSetting(variable: string, option: string): void {
  options().set(variable, option)
}

/** Names a setting in a message as the person gave it: the option that has set the variable, else the variable. */
export function settingName(variable: string): string {
  return options().get(variable) ?? variable
}
