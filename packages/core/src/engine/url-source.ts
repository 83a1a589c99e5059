import { settingName } from '../base/process/setting-name.js'
import { type ConnectionUrl, urlVariables } from './connection-options.js'

/** Returns where a URL came from: an environment variable, or what has set it; else the option of the API. */
export function sourceOf(text: string, given?: ConnectionUrl): string {
  const variable = urlVariables().find((name) => process.env[name] === text)
  if (variable !== undefined) return settingName(variable)
  const primitive = Object.entries(given ?? {}).find(([, url]) => url === text)?.[0]
  return typeof given === 'object' && primitive !== undefined ? `url.${primitive}` : 'url'
}
