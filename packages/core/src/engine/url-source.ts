import { urlVariables } from './connection-options.js'

/** Returns the environment variable that the URL came from, else the option. */
export function sourceOf(text: string): string {
  return urlVariables().find((variable) => process.env[variable] === text) ?? 'url'
}
