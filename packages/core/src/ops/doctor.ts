import { Home } from '../drivers/local/home.js'
import { nodeFileSystem } from '../drivers/local/file-system.js'
import { assertHomeOptions } from '../lifecycle/home-config.js'
import type { OpsContext, OpsRun } from './ops-context.js'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { readFileSync, statfsSync, watch } from 'node:fs'

/** One thing that was looked at. */
interface Finding {
  readonly check: string
  readonly status: 'ok' | 'warning' | 'failure'
  readonly message: string
  /** What to do about it. */
  readonly remedy?: string
}

type Check = (context: OpsContext) => Finding | Promise<Finding>

/** Below this, locks and events may fail at any moment. */
const LOW_DISK_BYTES = 64 * 1024 * 1024

/** `doctor`: looks at what the kit needs of this machine; each finding comes with its remedy. Exit code 1 on a failure. */
export const runDoctor: OpsRun = async (context) => {
  const findings: Finding[] = []
  for (const check of [
    checkHome,
    checkFileSystem,
    checkDisk,
    checkWatch,
    checkConfig,
    checkLocks,
    checkInstances,
  ]) {
    findings.push(await runCheck(check, context))
  }
  const failed = findings.some(({ status }) => status === 'failure')
  context.print({ ok: !failed, findings }, findings.map(findingText).join('\n'))
  return failed ? 1 : 0
}

async function runCheck(check: Check, context: OpsContext): Promise<Finding> {
  try {
    return await check(context)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { check: check.name.replace('check', '').toLowerCase(), status: 'failure', message }
  }
}

function findingText({ check, status, message, remedy }: Finding): string {
  const mark = { ok: 'ok  ', warning: 'warn', failure: 'FAIL' }[status]
  return `${mark}  ${check}: ${message}${remedy === undefined ? '' : `\n      ${remedy}`}`
}

const checkHome: Check = ({ connection }) => {
  new Home(connection.home, connection.namespace, nodeFileSystem).prepare()
  return { check: 'home', status: 'ok', message: `${connection.home} is yours alone` }
}

const checkFileSystem: Check = ({ connection }) => {
  const home = new Home(connection.home, connection.namespace, nodeFileSystem)
  if (home.isLocal) return { check: 'file system', status: 'ok', message: 'local' }
  return {
    check: 'file system',
    status: 'failure',
    message: 'the home is on a network file system, where appends are not reliable',
    remedy: `set CLI_OPS_HOME to a local directory such as ${join(homedir(), '.cache', 'cli-ops')}, or CLI_OPS_URL to an engine`,
  }
}

const checkDisk: Check = ({ connection }) => {
  const { bavail, bsize } = statfsSync(connection.home)
  const free = bavail * bsize
  const message = `${Math.floor(free / 1024 / 1024)} MiB free`
  if (free >= LOW_DISK_BYTES) return { check: 'disk', status: 'ok', message }
  return {
    check: 'disk',
    status: 'warning',
    message,
    remedy: 'free some space, or set CLI_OPS_HOME to another disk',
  }
}

const checkWatch: Check = ({ connection }) => {
  try {
    watch(connection.home, { persistent: false }).close()
    return { check: 'watches', status: 'ok', message: 'changes are noticed at once' }
  } catch (error) {
    return {
      check: 'watches',
      status: 'warning',
      message: `no file watch is to be had (${(error as NodeJS.ErrnoException).code}), so waits poll and are slower`,
      remedy: 'raise fs.inotify.max_user_instances and fs.inotify.max_user_watches with sysctl',
    }
  }
}

const checkConfig: Check = ({ connection }) => {
  const file = join(connection.home, 'config.json')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { check: 'config', status: 'ok', message: 'no config.json' }
  }
  const { clis = {} } = JSON.parse(text) as { readonly clis?: Readonly<Record<string, unknown>> }
  for (const options of Object.values(clis)) assertHomeOptions(options)
  return { check: 'config', status: 'ok', message: `${file} is valid` }
}

const checkLocks: Check = async ({ coordinator }) => {
  const locks = await coordinator.locks.list()
  const doubtful = locks.filter(({ id, owner }) => id !== '' && owner.state !== 'running')
  if (doubtful.length === 0)
    return { check: 'locks', status: 'ok', message: `${locks.length} in use` }
  return {
    check: 'locks',
    status: 'warning',
    message: doubtful
      .map(
        ({ resource, owner }) =>
          `${JSON.stringify(resource)} is held by a process that is ${owner.state}`,
      )
      .join('; '),
    remedy: 'if the holder will not go on: locks release <resource> --id <id>',
  }
}

const checkInstances: Check = async ({ coordinator }) => {
  const services = await coordinator.registry.discover()
  const hung = services.filter(({ state }) => state === 'hung')
  if (hung.length === 0)
    return { check: 'instances', status: 'ok', message: `${services.length} running` }
  return {
    check: 'instances',
    status: 'warning',
    message: hung.map(({ name, pid }) => `${name} (pid ${pid}) does not answer`).join('; '),
    remedy: 'resume it (kill -CONT) or end it',
  }
}
