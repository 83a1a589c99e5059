import { text } from 'node:stream/consumers'

import { parseJson } from './parse-json.js'

/** Reads JSON from an argument, or with `--stdin` from stdin; returns `{}` if there is none. */
export async function readJsonArgument(
  json: string | undefined,
  { stdin }: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  if (stdin !== true) return json === undefined ? {} : parseJson('<json>', json)
  if (json !== undefined) {
    throw new TypeError(`--stdin cannot be combined with <json>`)
  }
  return parseJson('stdin', await text(process.stdin))
}
