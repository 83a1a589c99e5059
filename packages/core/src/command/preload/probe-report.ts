import { fs, path } from '../../base/builtins.js'

/** Folder into which every process with a preload writes what it saw; `attach` sets it. */
export const PROBE_FOLDER = 'CLI_OPS_PROBE'

/** A command as the framework describes it. */
export interface ProgramCommand {
  /** Its names and its parents' names, separated by spaces. */
  readonly path: string
  readonly aliases: readonly string[]
}

/** What a preload saw in one process. */
export interface ProbeReport {
  readonly framework: string
  readonly pid: number
  /** True if a command line was parsed with the plugin in place. */
  readonly hasParsed: boolean
  /** Why rules cannot hold. */
  readonly reason?: string | undefined
  readonly commands: readonly ProgramCommand[]
}

/** Writes a report. A failure shows as a missing report. */
export function writeProbeReport(folder: string, report: ProbeReport): void {
  try {
    const name = report.framework.replaceAll('/', '-')
    const file = path.join(folder, `${report.pid}-${name}.json`)
    fs.writeFileSync(file, JSON.stringify(report))
  } catch {
    // The process that wanted it has gone.
  }
}
