import { configFile, dataFile } from '@cli-ops/example-base'

/** The tasks: `$CLI_ALPHA_DATA/tasks.json`, else below the user's data directory. */
export function taskFile(): string {
  return dataFile('cli-alpha', 'tasks.json')
}

/** The settings: `$CLI_ALPHA_CONFIG/config.json`, else below the user's configuration directory. */
export function settingsFile(): string {
  return configFile('cli-alpha', 'config.json')
}
