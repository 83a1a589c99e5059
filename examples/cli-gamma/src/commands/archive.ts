import { findByIds, print, UserError } from '@cli-ops/example-base'
import { type CommandRule, withLock } from '@cli-ops/oclif-plugin'
import { Args } from '@oclif/core'

import { ALL_STORES } from '../archive/all-stores.js'
import { writeArchive } from '../archive/archive-file.js'
import { openWorkOf } from '../archive/work-of-project.js'
import { ProjectCommand } from '../project-command.js'
import { projectLine } from '../projects/project-line.js'
import { loadProjects, saveProjects } from '../projects/project-store.js'
import type { Project } from '../projects/project.js'

interface Archived {
  readonly project: Project
  /** The archive file. */
  readonly path: string
  readonly tasks: number
  readonly items: number
}

class Archive extends ProjectCommand {
  static override summary = 'close a project, and record what is open in it'
  static override args = {
    id: Args.string({ required: true, description: 'its id, or the beginning of it' }),
  }

  static cliOps: CommandRule = {
    emits: ({ result }) => ({
      type: 'project:archived',
      data: { id: (result as Archived).project.id },
    }),
  }

  async run(): Promise<Archived> {
    const { args } = await this.parse(Archive)
    const projects = loadProjects()
    const [found] = findByIds('project', projects, [args.id]) as [Project]
    if (found.archivedAt !== undefined) {
      throw new UserError(`project ${found.id} is archived since ${found.archivedAt}`)
    }
    const project = { ...found, archivedAt: new Date().toISOString() }
    const work = openWorkOf(project.name)
    // The archive first: after a crash in between, the project is open and can be archived again.
    const path = writeArchive(project, work)
    saveProjects(projects.map((other) => (other === found ? project : other)))
    const [tasks, items] = [work.tasks.length, work.items.length]
    if (!this.jsonEnabled()) {
      print(`archived ${projectLine(project)}`)
      print(`open tasks: ${tasks}, open items: ${items}, recorded in ${path}`)
    }
    return { project, path, tasks, items }
  }
}

// The outermost wrapper, added last, takes its lock first.
export const ArchiveCommand = ALL_STORES.reduceRight(
  (command, store) => withLock(store)(command),
  Archive,
)
