import { print } from '@cli-ops/example-base'
import { Flags } from '@oclif/core'

import { ProjectCommand } from '../project-command.js'
import { projectLine } from '../projects/project-line.js'
import { loadProjects } from '../projects/project-store.js'
import type { Project } from '../projects/project.js'

export class ListCommand extends ProjectCommand {
  static override summary = 'list the projects'
  static override flags = { all: Flags.boolean({ char: 'a', summary: 'the archived ones too' }) }

  // Reading needs no lock: the store is always replaced as a whole.
  async run(): Promise<Project[]> {
    const { flags } = await this.parse(ListCommand)
    const projects = loadProjects().filter(({ archivedAt }) => flags.all || !archivedAt)
    if (!this.jsonEnabled()) for (const project of projects) print(projectLine(project))
    return projects
  }
}
