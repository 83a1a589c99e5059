import { describe, type OpsRun, parseDuration, say, textTable } from '@cli-ops/shared-ipc/ops'

import { TokenFile } from './token-file.js'
import {
  assertTokenName,
  assertTokenNamespace,
  isExpired,
  parseScopes,
  type TokenRecord,
} from './token-record.js'
import { createSecret, hashSecret } from './token-secret.js'

/** `serve token add <name>`: the secret goes to stdout, once; only its digest is kept. */
export const addToken: OpsRun = async ({ connection, args, options, print }) => {
  const [name = ''] = args
  const secret = createSecret()
  const record = newRecord(name, options, secret)
  const file = new TokenFile(connection.home)
  await file.change((tokens) => {
    if (tokens.some((token) => token.name === name)) {
      throw new TypeError(
        `there is a token ${JSON.stringify(name)} already; revoke it first, or choose another name`,
      )
    }
    return [...tokens, record]
  })
  print({ ...publicOf(record), secret }, secret)
  say(
    `token "${name}" (${record.scopes.join(', ')}) is added to ${file.path}; its secret is shown only now; give it to clients in a file that CLI_OPS_TOKEN_FILE names, or as CLI_OPS_TOKEN`,
  )
  return 0
}

/** `serve token list`: what is kept, without the digests. */
export const listTokens: OpsRun = ({ connection, print }) => {
  const tokens = new TokenFile(connection.home).read()
  const rows = tokens.map((token) => [
    token.name,
    token.scopes.join(', '),
    token.namespaces?.map((name) => name || '(default)').join(', ') ?? 'all',
    token.expiresAt === undefined
      ? 'never'
      : `${token.expiresAt}${isExpired(token) ? ' (over)' : ''}`,
    token.createdAt,
  ])
  const heading = ['NAME', 'SCOPES', 'NAMESPACES', 'EXPIRES', 'ADDED']
  print(
    tokens.map(publicOf),
    rows.length === 0
      ? 'no tokens; "cli-ops serve token add <name> --scope <scopes>" makes one'
      : textTable(heading, rows),
  )
  return Promise.resolve(0)
}

/** `serve token revoke <name>`: a running hub ends the connections of its bearers within seconds. */
export const revokeToken: OpsRun = async ({ connection, args, print }) => {
  const [name = ''] = args
  const file = new TokenFile(connection.home)
  let wasThere = false
  if (file.read().some((token) => token.name === name)) {
    await file.change((tokens) => {
      const others = tokens.filter((token) => token.name !== name)
      wasThere = others.length < tokens.length
      return others
    })
  }
  if (wasThere) print({ name, revoked: true }, `token "${name}" is revoked`)
  else say(`there is no token ${JSON.stringify(name)}; "cli-ops serve token list" shows them`)
  return wasThere ? 0 : 1
}

function newRecord(
  name: string,
  options: Readonly<Record<string, unknown>>,
  secret: string,
): TokenRecord {
  assertTokenName('the name', name)
  const namespaces = (options['namespace'] ?? []) as readonly string[]
  for (const namespace of namespaces) assertTokenNamespace('--namespace', namespace)
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

function publicOf({ hash: _hash, ...token }: TokenRecord): object {
  return { ...token, namespaces: token.namespaces ?? null, expiresAt: token.expiresAt ?? null }
}
