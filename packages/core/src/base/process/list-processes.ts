import { fs } from '../builtins.js'
import { parseProcStat } from './process-identity.js'

/** A process as the system's table lists it. */
export interface ListedProcess {
  readonly pid: number
  readonly parent: number
  /** The process group, which Ctrl-C at its terminal reaches as a whole. */
  readonly group: number
  /** When it began, in the system's own words: by the time a bare pid is used, it can belong to a stranger. */
  readonly began: string
}

/** Returns all running processes that this one can see; none on Windows, which has no process groups. Zombies are not running. */
export function listProcesses(): ListedProcess[] {
  if (process.platform === 'win32') return []
  return process.platform === 'linux' ? listProc() : listPs()
}

/** Like {@link listProcesses}; none if the process table is hidden or forbidden. */
export function visibleProcesses(): ListedProcess[] {
  try {
    return listProcesses()
  } catch {
    return []
  }
}

function listProc(): ListedProcess[] {
  return fs.readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/u.test(name)) return []
    try {
      const stat = parseProcStat(fs.readFileSync(`/proc/${name}/stat`, 'latin1'))
      if (stat === undefined || stat.state === 'Z') return []
      const { parent, group, start } = stat
      return [{ pid: Number(name), parent, group, began: start }]
    } catch {
      // It has ended in the meantime.
      return []
    }
  })
}

function listPs(): ListedProcess[] {
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart='], {
    encoding: 'utf8',
  })
  const rows = (stdout ?? '').matchAll(/^\s*(\d+)\s+(\d+)\s+(\d+)\s+([^\sZ]\S*)\s+(.+)$/gmu)
  return [...rows].map(([, pid, parent, group, , began = '']) => ({
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    began,
  }))
}
