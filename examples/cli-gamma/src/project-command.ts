import { exitCodeOf, reportError, UserError } from '@cli-ops/example-base'
import { isCliOpsError } from '@cli-ops/shared-ipc'
import { Command } from '@oclif/core'

/** What all commands share: a failure that the person can do something about is shown as a line or as JSON. */
export abstract class ProjectCommand extends Command {
  static override enableJsonFlag = true

  protected override async catch(error: Error): Promise<void> {
    if (!(error instanceof UserError) && !isCliOpsError(error)) {
      await super.catch(error)
    } else if (this.jsonEnabled()) {
      this.logJson(this.toErrorJson(error))
      process.exitCode = exitCodeOf(error)
    } else {
      reportError(this.config.bin, error)
    }
  }
}
