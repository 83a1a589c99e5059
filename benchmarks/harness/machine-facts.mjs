import { arch, availableParallelism, cpus, release, type } from 'node:os'
import process from 'node:process'

/**
 * Returns what a reader needs to know about the machine to judge the absolute figures, and nothing that identifies it.
 *
 * @returns {{ cpu: string, cores: number, os: string, node: string, v8: string }}
 */
export function machineFacts() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    os: `${type()} ${/^\d+\.\d+/u.exec(release())?.[0] ?? ''} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
  }
}
