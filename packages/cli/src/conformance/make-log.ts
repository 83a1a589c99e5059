import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expand } from './expand.js'
import type { LogVector } from './read-vectors.js'

/** A part of a log file. */
type LogPart =
  /** Text, written as it is. */
  | { readonly text: string }
  | { readonly record: unknown }
  /** The record of an event with this id. */
  | { readonly event: string }
  | { readonly header: number }
  | { readonly seal: number }

/** Creates a home with the files of a vector; disposing of it deletes the home. */
export async function makeLog(
  vector: LogVector,
): Promise<AsyncDisposable & { readonly home: string }> {
  const home = await mkdtemp(join(tmpdir(), 'cli-ops-'))
  const files = Object.entries(vector.files)
  if (files.length > 0) await mkdir(join(home, 'events'), { mode: 0o700 })
  for (const [name, parts] of files) {
    const expanded = expand(parts, { index: 0, max: 0 }) as readonly LogPart[]
    await writeFile(join(home, 'events', name), expanded.map(textOf).join(''), { mode: 0o600 })
  }
  const dispose = (): Promise<void> => rm(home, { recursive: true, force: true })
  return { home, [Symbol.asyncDispose]: dispose }
}

function textOf(part: LogPart): string {
  if ('text' in part) return part.text
  if ('seal' in part) return `\n{"cliops":"seal","segment":${part.seal}}\n`
  return `\n${JSON.stringify(recordOf(part))}\n`
}

function recordOf(part: Exclude<LogPart, { text: string } | { seal: number }>): unknown {
  if ('record' in part) return part.record
  if ('header' in part)
    return { cliops: 'header', version: 1, segment: part.header, startedAt: Date.now() }
  return {
    specversion: '1.0',
    id: part.event,
    source: '/cli-ops/conformance/0af765191cd4',
    type: 'task:created',
    time: '2026-01-02T03:04:05.678Z',
    datacontenttype: 'application/json',
    data: { id: part.event },
  }
}
