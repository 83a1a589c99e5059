import type { OpsHandle } from '@cli-ops/shared-ipc/ops'

import type { CommandEnd } from '../end-as.js'
import { LiveModel } from '../live/live-model.js'
import { atMost, withOpenOps } from '../live/with-open-ops.js'
import { createToken } from './access.js'
import { DashboardServer } from './dashboard-server.js'
import { openInBrowser } from './open-in-browser.js'

/** Options of {@link runDashboard}. */
export interface DashboardOptions {
  readonly port?: number
  readonly open?: boolean
  readonly allowRelease?: boolean
  /** Print the link as a line of JSON. */
  readonly json?: boolean
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Serves the dashboard until a signal ends it. The link goes to stdout, everything else to stderr. */
export function runDashboard(options: DashboardOptions = {}): Promise<CommandEnd> {
  return withOpenOps((context) => serveAt(context, options))
}

async function serveAt(context: OpsHandle, options: DashboardOptions): Promise<CommandEnd> {
  const { port = 0, open = false, allowRelease = false, json = false } = options
  const asked = new Promise<CommandEnd>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve(signal))
  })
  const model = new LiveModel(context, { follow: true, isWatched: false })
  const server = new DashboardServer({ model, token: createToken(), port, allowRelease })
  try {
    await server.listen()
    const { origin, link } = server
    // The reader of stdout can close it after the link.
    process.stdout.on('error', () => undefined)
    process.stdout.write(
      json ? `${JSON.stringify({ url: link, pid: process.pid })}\n` : `${link}\n`,
    )
    // The link shows everything to anyone who has it, so the hint belongs next to it.
    say(
      `dashboard of ${model.place.where} at ${origin}; anyone with the link can open it; press Ctrl-C to stop`,
    )
    if (open && !(await openInBrowser(server.linkForOnce)))
      say('could not open a browser; open the link yourself')
    return await asked
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    const reason = code === 'EADDRINUSE' ? 'is in use' : 'needs more privileges'
    say(`port ${port} ${reason}; choose another one, or leave --port out for a free one`)
    return 1
  } finally {
    await atMost(server.close().then(() => model.close()))
  }
}

function say(message: string): void {
  process.stderr.write(`cli-ops: ${message}\n`)
}
