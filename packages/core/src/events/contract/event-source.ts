import { describe } from '../../base/names/assert-name.js'
import { ownProcess } from '../../base/process/own-process.js'

/** Throws a `TypeError` unless `source` is a non-empty URI reference, as CloudEvents requires. */
export function assertSource(source: unknown): asserts source is string {
  if (
    typeof source !== 'string' ||
    // RFC 3986: the characters of a URI reference, with complete percent-encodings.
    !/^(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/u.test(source) ||
    !URL.canParse(source, 'cli-ops://local/')
  ) {
    throw new TypeError(`source must be a URI reference, got ${describe(source)}`)
  }
}

/** Returns the source for a process that does not set one. */
export function defaultSource(): string {
  const { name, instance } = ownProcess()
  return sourceOf(name, instance)
}

/** Returns the source of a CLI instance: `/cli-ops/<name of the CLI>/<instance>`. */
export function sourceOf(name: string, instance: string): string {
  // A program's file name can contain anything, even lone surrogates.
  const wellFormed = (name as string & { toWellFormed(): string }).toWellFormed()
  return `/cli-ops/${encodeURIComponent(wellFormed)}/${instance}`
}
