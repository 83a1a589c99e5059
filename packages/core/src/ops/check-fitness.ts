import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { Driver, Primitive } from '../drivers/driver.js'
import { isEngine } from '../command/companion/is-engine.js'
import type { ConnectionOptions } from '../engine/connection-options.js'
import { openDriver } from '../engine/open-driver.js'
import { type Check, failure, type Finding, ok, warning } from './finding.js'
import type { OpsContext } from './ops-context.js'
import { TRIES, tryPrimitive } from './try-primitive.js'
import { isUnsupported, unlessUnsupported } from './unless-unsupported.js'
import { PRIMITIVES } from './primitives.js'

/** Does on each engine what a CLI would do, and reports every promise of the driver that the engine cannot keep. */
export const checkFitness: Check = async (context) => {
  const { connection } = context
  const onEngines = PRIMITIVES.filter((primitive) => isEngine(connection.urlOf(primitive)))
  if (onEngines.length === 0) return []
  const found: Finding[] = []
  const looked = new Set<string>()
  for (const primitive of onEngines) {
    const url = connection.urlOf(primitive)
    found.push(...(await findingsOn(context, primitive, !looked.has(url))))
    looked.add(url)
  }
  if (found.length > 0) return found
  const names = [...new Set(onEngines.map((primitive) => TRIES[primitive]))]
  return ok(`this user can ${names.join(', ')}`)
}

async function findingsOn(
  context: OpsContext,
  primitive: Primitive,
  isFirst: boolean,
): Promise<readonly Finding[]> {
  const { connection } = context
  const { home, namespace } = connection
  const urls = PRIMITIVES.map((each) => [each, connection.urlOf(each)] as const)
  const options = { home, namespace, url: Object.fromEntries(urls), disabled: false }
  // The process shares one driver per place, so this is the existing connection.
  const handle = openDriver(options, primitive)
  try {
    const driver = await unlessUnsupported(() => handle.open())
    // The lock check reports primitives that an engine does not have.
    if (isUnsupported(driver)) return []
    const unfit = isFirst ? ((await driver.findUnfit?.(context.signal)) ?? []) : []
    return [
      ...unfit.map(({ problem, remedy }) => warning(problem, remedy)),
      ...(await tryOn(driver, primitive, options, context.signal)),
    ]
  } finally {
    await handle.close()
  }
}

async function tryOn(
  driver: Driver,
  primitive: Primitive,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  try {
    await tryPrimitive(primitive, options, signal)
    return []
  } catch (error) {
    signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    const problem = `this user cannot ${TRIES[primitive]}: ${reason}`
    // An access key with few scopes was created that way on purpose.
    if ((driver.access?.()?.refused.length ?? 0) > 0)
      return [warning(problem, 'if it should be able to, request an access key that allows it')]
    return [failure(problem, remedyFor(driver, error))]
  }
}

function remedyFor({ name }: Driver, error: unknown): string {
  if (isCliOpsError(error, 'FORBIDDEN'))
    return `give the user the rights that the guide to ${name} lists`
  return 'see the message; if the engine has only just started, try again'
}
