import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

import { nodeFileSystem } from '../drivers/local/home/file-system.js'
import { homeOf } from '../drivers/local/home/home-of.js'
import { describeDuration } from '../base/terminal/units.js'
import { type Check, failure, ok, warning } from './finding.js'
import { jsonLine } from '../base/terminal/json-line.js'
import { keptEvents } from './kept-events.js'
import { unlessUnsupported } from './unless-unsupported.js'
import { PRIMITIVES } from './primitives.js'

/** An answer slower than this makes every command slow. */
const SLOW_MS = 500
/** Synchronised clocks differ by less. */
const CLOCK_MS = 5_000
/** The event log segment version that this release writes. */
const SEGMENT_VERSION = 1
const HEADER_BYTES = 256

export const checkEngine: Check = async ({ connection, coordinator }) => {
  const schemes = new Set(PRIMITIVES.map((primitive) => schemeOf(connection.urlOf(primitive))))
  schemes.delete('local:')
  if (schemes.size === 0) return ok('none is needed: everything is on this machine')
  // Each primitive can have its own engine; an engine without locks or a registry says so.
  const ask = async (): Promise<void> => {
    if (connection.urlOf('registry') !== 'local:')
      await unlessUnsupported(() => coordinator.registry.discover({}, { readOnly: true }))
    if (connection.urlOf('locks') !== 'local:')
      await unlessUnsupported(() => coordinator.locks.list())
  }
  // The first call loads the client and connects, so its time says nothing about the engine.
  await ask()
  const began = performance.now()
  await ask()
  const tookMs = Math.round(performance.now() - began)
  const names = [...schemes].join(', ')
  if (tookMs < SLOW_MS) return ok(`${names} answered within ${tookMs} ms`)
  return warning(
    `${names} took ${tookMs} ms to answer`,
    'check the load on the engine and the network in between',
  )
}

export const checkClock: Check = async (context) => {
  const events = await keptEvents(context, '*', 'earliest')
  const last = events.at(-1)
  const aheadMs = last === undefined ? 0 : Date.parse(last.time) - Date.now()
  if (!(aheadMs > CLOCK_MS)) return ok('no event comes from the future')
  return warning(
    `the last event is dated ${describeDuration(aheadMs)} in the future: the clock was set back, or another machine’s clock is ahead`,
    'keep the clocks in time (timedatectl set-ntp true); until then "--since" finds too much or too little',
  )
}

/** A segment of a newer version can contain records that this version does not understand. */
export const checkFormats: Check = ({ connection }) => {
  const { events } = homeOf(connection).paths
  const segments = nodeFileSystem.list(events).filter((name) => name.endsWith('.ndjson'))
  const newer = segments.filter((name) => versionOf(join(events, name)) > SEGMENT_VERSION)
  if (newer.length === 0) return ok('event log 1, locks and registry in the current format')
  return failure(
    `${newer.map(jsonLine).join(', ')} in ${events} was written by a newer version`,
    'update the kit’s packages on this machine to the same version',
  )
}

function versionOf(path: string): number {
  const buffer = Buffer.alloc(HEADER_BYTES)
  const descriptor = openSync(path, 'r')
  let text: string
  try {
    text = buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, HEADER_BYTES, 0))
  } finally {
    closeSync(descriptor)
  }
  // A header torn by a crash says nothing.
  return Number(/"cliops":"header","version":(\d+)/u.exec(text)?.[1] ?? 0)
}

/** The rest of a URL can contain a password. */
function schemeOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:/iu.exec(url)?.[0] ?? ''
}
