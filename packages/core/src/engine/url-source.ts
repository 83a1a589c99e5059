import { urlVariables } from './connection-options.js'

/** The variable of the environment that says so, else the option. */
export function sourceOf(text: string): string {
  return urlVariables().find((variable) => process.env[variable] === text) ?? 'url'
}
