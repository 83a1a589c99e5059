import type { EngineAccess } from '../drivers/driver.js'
import { openDriver } from '../engine/open-driver.js'
import { type Check, ok, warning } from './finding.js'
import type { OpsContext } from './ops-context.js'
import { isUnsupported, unlessUnsupported } from './unless-unsupported.js'

const PRIMITIVES = ['locks', 'events', 'registry', 'rpc'] as const

/** Reports what each engine allows this process to do, if the engine knows such limits. */
export const checkAccess: Check = async (context) => {
  const found = new Map<string, EngineAccess>()
  for (const primitive of PRIMITIVES) {
    const url = context.connection.urlOf(primitive)
    const access = found.has(url) ? undefined : await accessTo(context, url, primitive)
    if (access !== undefined) found.set(url, access)
  }
  if (found.size === 0) return ok('nothing is restricted')
  const all = [...found.values()]
  const restricted = all.filter(({ refused }) => refused.length > 0)
  if (restricted.length === 0) return ok(all.map(describe).join('; '))
  return warning(
    all.map(describe).join('; '),
    'everything else fails with FORBIDDEN; if it should work, request an access key with more scopes (cli-ops serve key add)',
  )
}

function describe({ bearer, granted, refused }: EngineAccess): string {
  const limits = refused.length === 0 ? '' : `, but not ${refused.join(', ')}`
  return `${bearer} allows ${granted.join(', ') || 'nothing'}${limits}`
}

async function accessTo(
  { connection: { home, namespace } }: OpsContext,
  url: string,
  primitive: (typeof PRIMITIVES)[number],
): Promise<EngineAccess | undefined> {
  // The process shares one driver per place, so this is the existing connection.
  const handle = openDriver({ home, namespace, url, disabled: false }, primitive)
  try {
    const driver = await unlessUnsupported(() => handle.open())
    return isUnsupported(driver) ? undefined : driver.access?.()
  } finally {
    await handle.close()
  }
}
