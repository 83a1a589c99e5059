import type { Hub } from '@cli-ops/driver-websocket/hub'
import { type OpsHandle, sayFailure } from '@cli-ops/shared-ipc/ops'

import type { CommandEnd } from '../end-as.js'
import { withOpenOps } from '../live/with-open-ops.js'
import { askedToEnd } from './asked-to-end.js'
import { certificateConcerns } from './certificate-concerns.js'
import { loadHub } from './hub-package.js'
import { hubKeys } from './hub-keys.js'
import { createServeLog, type ServeLog } from './serve-log.js'
import { parseServeOptions, readTls, type ServeOptions, type TlsPaths } from './serve-options.js'
import { socketOfSystemd, SystemdService } from './systemd-service.js'
import { KeyFile } from './key-file.js'

/**
 * Serves a hub until SIGINT or SIGTERM ends it, after notifying its clients. SIGHUP reloads its certificate. The URL is the first
 * line of stdout; everything else goes to stderr.
 */
export function runServe(options: ServeOptions): Promise<CommandEnd> {
  return withOpenOps(async (context) => {
    try {
      return await serve(options, context)
    } catch (error) {
      return sayFailure(asGiven(error), context.connection.home)
    }
  })
}

async function serve(options: ServeOptions, { connection }: OpsHandle): Promise<CommandEnd> {
  const { tlsPaths, ...hubOptions } = parseServeOptions(options, connection.home)
  const socketFd = socketOfSystemd(process.env)
  const tls = tlsPaths === undefined ? undefined : readTls(tlsPaths)
  const log = createServeLog(options)
  const file = new KeyFile(connection.home)
  const count = file.read().length
  const { createHub } = await loadHub()
  const service = new SystemdService(process.env, log.important)
  let onReload = (): void => undefined
  let isReady = false
  // From here on a signal shuts it down in order, even during start-up.
  const asked = askedToEnd(() => {
    onReload()
  })
  const hub = await createHub({
    ...hubOptions,
    tls,
    socketFd,
    keys: hubKeys(file, log),
    onLog: (line) => {
      // Until it listens, each line says what it is waiting for.
      if (isReady) log.routine(line)
      else log.important(line)
    },
  })
  isReady = true
  const status = `serving at ${hub.url}`
  onReload = () => {
    void (async () => {
      await service.reloading()
      reload(hub, tlsPaths, log)
      await service.ready(status)
    })()
  }
  const { store } = await hub.health()
  process.stdout.on('error', () => undefined)
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ url: hub.url, pid: process.pid })}\n`
      : `${hub.url}\n`,
  )
  log.important(
    `listening on ${hub.url}, store ${store.url}, ${count === 1 ? '1 access key' : `${count} access keys`}; "cli-ops serve key add <name> --scope <scopes>" adds one; press Ctrl-C to stop`,
  )
  if (tls !== undefined && tlsPaths !== undefined)
    for (const concern of certificateConcerns(tls, tlsPaths)) log.important(concern)
  await service.ready(status)
  const end = await asked
  log.important(`${String(end)}: notifying clients and shutting down`)
  // Clients wait for the next hub, but nothing waits for systemd. A second signal ends the wait immediately.
  await Promise.all([service.stopping(), hub.close()])
  return end
}

/** The hub calls it `store.url`; the person called it `--store`. */
function asGiven(error: unknown): unknown {
  if (!(error instanceof TypeError)) return error
  return new TypeError(error.message.replace(/^store\.url /u, '--store '))
}

function reload(hub: Hub, tlsPaths: TlsPaths | undefined, log: ServeLog): void {
  if (tlsPaths === undefined) {
    log.important('SIGHUP: there is no certificate to reload')
    return
  }
  try {
    const tls = readTls(tlsPaths)
    hub.renewTls(tls)
    log.important('SIGHUP: new connections use the new certificate')
    for (const concern of certificateConcerns(tls, tlsPaths)) log.important(concern)
  } catch (error) {
    // During a replacement, certificate and key can mismatch for a moment; a working hub must survive that.
    const message = error instanceof Error ? error.message : String(error)
    log.important(`SIGHUP: keeping the old certificate: ${message}`)
  }
}
