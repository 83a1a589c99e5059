import { describe, type OpsRun, parseDuration, say, textTable } from '@cli-ops/shared-ipc/ops'

import { KeyFile } from './key-file.js'
import {
  assertKeyName,
  assertKeyNamespace,
  isExpired,
  parseScopes,
  type KeyRecord,
} from './key-record.js'
import { createSecret, hashSecret } from './key-secret.js'

/** `serve key add <name>`: prints the secret to stdout, once; only its digest is stored. */
export const addKey: OpsRun = async ({ connection, args, options, print }) => {
  const [name = ''] = args
  const secret = createSecret()
  const record = newRecord(name, options, secret)
  const file = new KeyFile(connection.home)
  await file.change((keys) => {
    if (keys.some((key) => key.name === name)) {
      throw new TypeError(
        `access key ${JSON.stringify(name)} already exists; revoke it first, or choose another name`,
      )
    }
    return [...keys, record]
  })
  print({ ...publicOf(record), secret }, secret)
  say(
    `added access key "${name}" (${record.scopes.join(', ')}) to ${file.path}; its secret is shown only once; give it to clients in a file that CLI_OPS_TOKEN_FILE names, or as CLI_OPS_TOKEN`,
  )
  return 0
}

/** `serve key list`: shows the keys, without the digests. */
export const listKeys: OpsRun = ({ connection, print }) => {
  const keys = new KeyFile(connection.home).read()
  const rows = keys.map((key) => [
    key.name,
    key.scopes.join(', '),
    key.namespaces?.map((name) => name || '(default)').join(', ') ?? 'all',
    key.expiresAt === undefined ? 'never' : `${key.expiresAt}${isExpired(key) ? ' (over)' : ''}`,
    key.createdAt,
  ])
  const heading = ['NAME', 'SCOPES', 'NAMESPACES', 'EXPIRES', 'ADDED']
  print(
    keys.map(publicOf),
    rows.length === 0
      ? 'no access keys; "cli-ops serve key add <name> --scope <scopes>" creates one'
      : textTable(heading, rows),
  )
  return Promise.resolve(0)
}

/** `serve key revoke <name>`: a running hub closes the connections of its bearers within seconds. */
export const revokeKey: OpsRun = async ({ connection, args, print }) => {
  const [name = ''] = args
  const file = new KeyFile(connection.home)
  let wasThere = false
  if (file.read().some((key) => key.name === name)) {
    await file.change((keys) => {
      const others = keys.filter((key) => key.name !== name)
      wasThere = others.length < keys.length
      return others
    })
  }
  if (wasThere) print({ name, revoked: true }, `access key "${name}" is revoked`)
  else say(`there is no access key ${JSON.stringify(name)}; "cli-ops serve key list" shows them`)
  return wasThere ? 0 : 1
}

function newRecord(
  name: string,
  options: Readonly<Record<string, unknown>>,
  secret: string,
): KeyRecord {
  assertKeyName('the name', name)
  const namespaces = (options['namespace'] ?? []) as readonly string[]
  for (const namespace of namespaces) assertKeyNamespace('--namespace', namespace)
  const createdAt = new Date()
  const expiresAt = expiryOf(options['expires'], createdAt)
  return {
    name,
    hash: hashSecret(secret),
    scopes: parseScopes('--scope', options['scope'] as string),
    ...(namespaces.length > 0 && { namespaces }),
    createdAt: createdAt.toISOString(),
    ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
  }
}

function expiryOf(expires: unknown, from: Date): Date | undefined {
  if (expires === undefined) return undefined
  const at = new Date(from.getTime() + parseDuration('--expires', expires))
  if (at > from) return at
  throw new TypeError(
    `--expires must be more than 0 and end before the year 275760, got ${describe(expires)}`,
  )
}

function publicOf({ hash: _hash, ...key }: KeyRecord): object {
  return { ...key, namespaces: key.namespaces ?? null, expiresAt: key.expiresAt ?? null }
}
