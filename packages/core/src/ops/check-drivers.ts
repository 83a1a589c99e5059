import { configuredDrivers } from '../engine/configured-drivers.js'
import { loadDriver } from '../engine/load-driver.js'
import { jsonLine } from '../base/terminal/json-line.js'
import { type Check, failure, type Finding, ok } from './finding.js'

/** Loads every driver that the home's `config.json` names, whether or not a URL uses it. */
export const checkDrivers: Check = async ({ connection: { home } }) => {
  // The configuration check reports problems with the file itself.
  const drivers = Object.entries(configuredDriversOrNone(home))
  return Promise.all(drivers.map(([scheme, module]) => checkDriver(home, scheme, module)))
}

function configuredDriversOrNone(home: string): ReturnType<typeof configuredDrivers> {
  try {
    return configuredDrivers(home)
  } catch {
    return {}
  }
}

async function checkDriver(home: string, scheme: string, module: string): Promise<Finding> {
  try {
    await loadDriver({ protocol: `${scheme}:`, home, source: 'the URL' })
    return ok(`${scheme}: URLs have a driver, ${jsonLine(module)}`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return failure(reason, `correct it; until then nothing works on ${scheme}: URLs`)
  }
}
