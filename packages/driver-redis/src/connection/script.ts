import { createHash } from 'node:crypto'

import type { RedisConnection } from './redis-connection.js'

/**
 * A script stopped in the middle keeps what it has written, and a log number is assigned only once. So a script that
 * writes first checks whether its user may execute its last commands.
 */
export const REFUSAL = `
local function refusal(hash, channel)
  if redis.acl_check_cmd('HSET', hash) and redis.acl_check_cmd('PUBLISH', channel) then return nil end
  return redis.error_reply('NOPERM the user may not write to this namespace (HSET), or may not PUBLISH on its channels')
end
`

/** What a script runs with. */
export interface ScriptCall {
  readonly keys: readonly string[]
  readonly args: readonly (string | number)[]
}

/** A Lua script, sent in full only to a server that does not know it yet. */
export class Script {
  readonly #source: string
  #sha: string | undefined

  constructor(source: string) {
    this.#source = source
  }

  /** Runs the script. Rejects as `RedisConnection.call` does. */
  async run(
    connection: RedisConnection,
    { keys, args }: ScriptCall,
    signal?: AbortSignal,
  ): Promise<unknown> {
    this.#sha ??= createHash('sha1').update(this.#source).digest('hex')
    const rest = [keys.length, ...keys, ...args]
    try {
      return await connection.call(['EVALSHA', this.#sha, ...rest], signal)
    } catch (error) {
      // Nothing was run. A server forgets its scripts when it restarts.
      if (!(error instanceof Error) || !error.message.includes('NOSCRIPT')) throw error
      return connection.call(['EVAL', this.#source, ...rest], signal)
    }
  }
}
