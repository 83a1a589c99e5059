import { checkOptions, type CliOpsOptions } from '@cli-ops/shared-ipc/command'

import type { OclifConfig } from './oclif-config.js'

/** Where the options of an oclif CLI are. */
export const PLACE = '"cliOps" in package.json'

const NO_OPTIONS: CliOpsOptions = {}

/** Returns the options in the host's package.json: `"cliOps": { … }`. Invalid options keep every command from running. */
export function optionsOf(pjson: OclifConfig['pjson']): {
  readonly options: CliOpsOptions
  readonly fault?: Error
} {
  const misplaced = misplacedKey(pjson)
  if (misplaced !== undefined) return { options: NO_OPTIONS, fault: new TypeError(misplaced) }
  const { cliOps = NO_OPTIONS } = pjson
  try {
    checkOptions(cliOps)
    return { options: cliOps }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { options: NO_OPTIONS, fault: new TypeError(`${PLACE}: ${reason}`) }
  }
}

/** Describes options under a wrong key or in a wrong place, whose rules would silently not hold. */
function misplacedKey({ cliOps, oclif, ...others }: OclifConfig['pjson']): string | undefined {
  if (isObject(oclif) && Object.keys(oclif).some(isLikeCliOps))
    return '"cliOps" in package.json must be next to "oclif", not in it'
  const key = cliOps === undefined ? Object.keys(others).find(isLikeCliOps) : undefined
  return key === undefined
    ? undefined
    : `${JSON.stringify(key)} in package.json is not read; did you mean "cliOps"?`
}

function isLikeCliOps(key: string): boolean {
  return /^cli[-_]?ops?$/iu.test(key)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
