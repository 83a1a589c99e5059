import { fs, path } from '../../base/builtins.js'

/** Folder into which every process with a preload writes what the preload saw; whoever attaches a program sets it. */
export const PROBE_FOLDER = 'CLI_OPS_PROBE'

/** A command as the framework knows it. */
export interface ProgramCommand {
  /** Its names and those above it, separated by spaces. */
  readonly path: string
  readonly aliases: readonly string[]
}

/** What a preload saw in one process. */
export interface ProbeReport {
  readonly framework: string
  readonly pid: number
  /** True where a command line was parsed, and the plugin is in. */
  readonly hasParsed: boolean
  /** Why rules cannot hold. */
  readonly reason?: string | undefined
  readonly commands: readonly ProgramCommand[]
}

/** Writes a report. That it cannot be written is seen by its absence. */
export function writeProbeReport(folder: string, report: ProbeReport): void {
  try {
    const file = path.join(folder, `${report.pid}-${report.framework}.json`)
    fs.writeFileSync(file, JSON.stringify(report))
  } catch {
    // Whoever asked has gone.
  }
}
