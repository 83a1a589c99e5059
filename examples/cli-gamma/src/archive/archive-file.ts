import { dataFile, writeAtomically } from '@cli-ops/example-base'

import type { Project } from '../projects/project.js'
import type { OpenWork } from './work-of-project.js'

/** Writes what a project leaves behind and returns the path. Writing it again, as after a crash, replaces the file. */
export function writeArchive(project: Project, work: OpenWork): string {
  const path = dataFile('cli-gamma', `archive/${project.id}.json`)
  writeAtomically(path, `${JSON.stringify({ version: 1, project, ...work }, null, 2)}\n`)
  return path
}
