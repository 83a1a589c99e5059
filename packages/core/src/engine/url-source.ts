import { settingName } from '../base/process/setting-name.js'
import { urlVariables } from './connection-options.js'

/** Returns where the URL came from: an environment variable, or what has set it; else the option of the API. */
export function sourceOf(text: string): string {
  const variable = urlVariables().find((name) => process.env[name] === text)
  return variable === undefined ? 'url' : settingName(variable)
}
