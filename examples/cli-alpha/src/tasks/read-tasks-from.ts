import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { badData, EXIT_IO, readJson, UserError } from '@cli-ops/example-base'

import { tasksOf } from './task-store.js'
import type { Task } from './task.js'

/** Reads the tasks of a file, or of every JSON file in a directory, in the order of their names. */
export function readTasksFrom(source: string): Task[] {
  return filesOf(source).flatMap((file) => {
    const stored = readJson(file)
    if (stored === undefined) throw badData(file, 'it has just been removed')
    return tasksOf(stored, file)
  })
}

function filesOf(source: string): string[] {
  try {
    if (!statSync(source).isDirectory()) return [source]
    const names = readdirSync(source).filter((name) => name.endsWith('.json'))
    return names.sort().map((name) => join(source, name))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UserError(`cannot read ${source}: ${reason}`, EXIT_IO)
  }
}
