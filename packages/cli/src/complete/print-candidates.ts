import { openOps, type OpsHandle } from '@cli-ops/shared-ipc/ops'
import type { Command } from 'commander'

import { findCandidates, type ValueKind } from './candidates.js'

/** A name that a shell's command line cannot contain. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}]/u

/** Prints the candidates for the last word, one a line: value, tab, description. Prints no errors. */
export async function printCandidates(program: Command, words: readonly string[]): Promise<void> {
  const context = openOps('cli-ops')
  try {
    const found = await findCandidates(program, words, async (kind, all) => {
      const values = await lookUp(context, kind, all).catch(() => [])
      return [...new Set(values)].filter((value) => !UNSAFE.test(value)).sort()
    })
    const lines = found.map(({ value, description }) => `${value}\t${description}\n`)
    process.stdout.write(lines.join(''))
  } finally {
    await context.coordinator.close()
  }
}

async function lookUp(
  context: OpsHandle,
  kind: ValueKind,
  words: readonly string[],
): Promise<string[]> {
  const { coordinator } = context
  switch (kind) {
    case 'resource':
      return (await coordinator.locks.list()).map(({ resource }) => resource)
    case 'lock-id': {
      const held = (await coordinator.locks.list()).filter(({ id }) => id !== '')
      const named = held.filter(({ resource }) => words.includes(resource))
      return (named.length > 0 ? named : held).map(({ id }) => id)
    }
    case 'event':
      return (await context.keptEvents()).map(({ type }) => type)
    case 'service':
      return (await coordinator.registry.discover()).map(({ name }) => name)
    case 'attached': {
      const { Attachments } = await import('../attach/attachment.js')
      return new Attachments(context.connection.home).list().map(({ command }) => command)
    }
    case 'access-key': {
      const { KeyFile } = await import('../serve/key-file.js')
      return new KeyFile(context.connection.home).read().map(({ name }) => name)
    }
  }
}
