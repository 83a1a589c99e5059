import type { CommandClass } from './oclif-config.js'

/** Returns whether oclif promises JSON on stdout for a command, before there is an instance to ask. */
export function isJsonRun(
  { enableJsonFlag }: CommandClass,
  argv: readonly string[],
  contentType: string | undefined,
): boolean {
  if (enableJsonFlag !== true) return false
  if (contentType?.toLowerCase() === 'json') return true
  const end = argv.indexOf('--')
  return argv.slice(0, end < 0 ? undefined : end).includes('--json')
}
