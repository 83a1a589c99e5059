import { dataFile, entriesOf, readJson, writeAtomically } from '@cli-ops/example-base'

import { type Project, whyNotProject } from './project.js'

/** The lock that guards the store. Hold it from loading projects to saving them. */
export const PROJECTS = 'projects'

/** Loads all projects; none if there is no store yet. Reading alone needs no lock: the file is replaced as a whole. */
export function loadProjects(path = dataFile('cli-gamma', 'projects.json')): Project[] {
  const stored = readJson(path)
  if (stored === undefined) return []
  return entriesOf<Project>(stored, path, { noun: 'project', whyNot: whyNotProject })
}

/** Replaces all projects. The caller holds {@link PROJECTS}. */
export function saveProjects(projects: readonly Project[]): void {
  const content = JSON.stringify({ version: 1, projects }, null, 2)
  writeAtomically(dataFile('cli-gamma', 'projects.json'), `${content}\n`)
}
