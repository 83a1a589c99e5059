import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { storageError } from '../drivers/local/home/home.js'
import { checkAttached } from './attached-parts.js'
import { awayRemedy } from './away-remedy.js'
import { checkAccess } from './check-access.js'
import { checkConfig, checkEnvironment } from './check-configuration.js'
import { checkDrivers } from './check-drivers.js'
import { checkDisk, checkFileSystem, checkHome, checkSockets, checkWatches } from './check-home.js'
import { checkFitness } from './check-fitness.js'
import { checkClock, checkEngine, checkFormats } from './check-engine.js'
import { checkInstances, checkLocks } from './check-running.js'
import { checkRules } from './check-rules.js'
import type { Check, Finding } from './finding.js'
import type { OpsContext, OpsRun } from './ops-context.js'
import { checkParked } from './parked-events.js'
import { styleOf } from '../base/terminal/style.js'
import { PRIMITIVES } from './primitives.js'

const LOCAL_CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['home', checkHome],
  ['file system', checkFileSystem],
  ['disk', checkDisk],
  ['watches', checkWatches],
  ['sockets', checkSockets],
  ['formats', checkFormats],
]

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['config', checkConfig],
  ['rules', checkRules],
  ['attached', checkAttached],
  ['environment', checkEnvironment],
  ['drivers', checkDrivers],
  ['engine', checkEngine],
  ['access', checkAccess],
  ['fitness', checkFitness],
  ['clock', checkClock],
  ['locks', checkLocks],
  ['instances', checkInstances],
  ['parked events', checkParked],
]

const MARKS = {
  ok: () => styleOf(process.stdout).good('ok  '),
  warning: () => styleOf(process.stdout).doubtful('warn'),
  failure: () => styleOf(process.stdout).bad('FAIL'),
}

/** `doctor`: checks what the kit needs from this machine and gives a remedy with each finding. Exit code 1 on a failure. */
export const runDoctor: OpsRun = async (context) => {
  const findings: (Finding & { readonly check: string })[] = []
  for (const [check, look] of usesThisMachine(context) ? [...LOCAL_CHECKS, ...CHECKS] : CHECKS) {
    for (const finding of await runCheck(look, context)) {
      // If an engine cannot be used, its first check reports that for all others.
      const isKnown = findings.some(({ message }) => message === finding.message)
      if (finding.status !== 'failure' || !isKnown) findings.push({ check, ...finding })
    }
  }
  const failed = findings.some(({ status }) => status === 'failure')
  context.print({ ok: !failed, findings }, findings.map(findingText).join('\n'))
  return failed ? 1 : 0
}

function usesThisMachine({ connection }: OpsContext): boolean {
  return PRIMITIVES.some((primitive) => connection.urlOf(primitive) === 'local:')
}

async function runCheck(check: Check, context: OpsContext): Promise<readonly Finding[]> {
  try {
    const found = await check(context)
    return 'status' in found ? [found] : found
  } catch (caught) {
    const error = storageError(caught, context.connection.home)
    const message = error instanceof Error ? error.message : String(error)
    const isAway = isCliOpsError(error, 'ENGINE_UNAVAILABLE')
    return [
      { status: 'failure', message, ...(isAway && { remedy: awayRemedy(context.connection) }) },
    ]
  }
}

function findingText({
  check,
  status,
  message,
  remedy,
}: Finding & { readonly check: string }): string {
  const mark = MARKS[status]()
  return `${mark}  ${check}: ${message}${remedy === undefined ? '' : `\n      ${remedy}`}`
}
