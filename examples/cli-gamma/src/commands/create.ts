import { newId, print, UserError } from '@cli-ops/example-base'
import { withLock } from '@cli-ops/oclif-plugin'
import { Args } from '@oclif/core'

import { ProjectCommand } from '../project-command.js'
import { projectLine } from '../projects/project-line.js'
import { loadProjects, PROJECTS, saveProjects } from '../projects/project-store.js'
import type { Project } from '../projects/project.js'

/** Its result is the data of the event that package.json declares for this command. */
class Create extends ProjectCommand {
  static override summary = 'add a project'
  static override args = {
    name: Args.string({ required: true, description: 'what tasks are tagged with' }),
  }

  async run(): Promise<Project> {
    const { args } = await this.parse(Create)
    const { name } = args
    if (name === '') throw new UserError('a project must have a name')
    const projects = loadProjects()
    const known = projects.find((project) => !project.archivedAt && project.name === name)
    if (known !== undefined) {
      throw new UserError(`there is a project ${JSON.stringify(name)} already: ${known.id}`)
    }
    const project = { id: newId(projects), name, createdAt: new Date().toISOString() }
    saveProjects([...projects, project])
    if (!this.jsonEnabled()) print(`created ${projectLine(project)}`)
    return project
  }
}

export const CreateCommand = withLock(PROJECTS)(Create)
