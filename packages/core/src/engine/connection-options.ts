import type { Primitive } from '../drivers/driver.js'
import { assertName, describe } from '../base/names/assert-name.js'
import { path } from '../base/builtins.js'
import { isOn } from '../base/process/environment.js'
import { settingName } from '../base/process/setting-name.js'
import { defaultHome, isUsableHome } from './default-home.js'

/** One URL for everything, or one per primitive; omitted primitives stay local. */
export type ConnectionUrl = string | Partial<Readonly<Record<Primitive, string>>>

/** Options that every class of the kit takes. */
export interface ConnectionOptions {
  /**
   * Directory for locks, events and the registry. Only the user may have access (mode 0700).
   * @default `CLI_OPS_HOME`, else `$XDG_DATA_HOME/cli-ops`, else `~/.local/share/cli-ops`
   *   (`%LOCALAPPDATA%\cli-ops` on Windows)
   */
  readonly home?: string | undefined
  /**
   * Separates teams or projects that share a home or an engine.
   * @default `CLI_OPS_NAMESPACE`, else the default namespace
   */
  readonly namespace?: string | undefined
  /**
   * Engine: `redis://…`, `postgres://…`, `nats://…`, `amqp://…`, `wss://…`, `memory:`, `local:`, or the scheme of a driver that is
   * installed or named in `config.json`; or one URL per primitive.
   * @default `CLI_OPS_LOCKS_URL`, `CLI_OPS_EVENTS_URL`, `CLI_OPS_REGISTRY_URL` and `CLI_OPS_RPC_URL`, else `CLI_OPS_URL`, else
   *   `local:`
   */
  readonly url?: ConnectionUrl | undefined
  /**
   * How long a process's locks and registration survive without contact with a remote engine, in milliseconds. They are renewed three
   * times in that period.
   * @default `CLI_OPS_LEASE_MS`, else 10000
   */
  readonly leaseMs?: number | undefined
  /**
   * How long a remote engine may take to connect or to answer, in milliseconds; waits for locks, events and replies have their own
   * limits.
   * @default `CLI_OPS_ENGINE_TIMEOUT_MS`, else 5000
   */
  readonly engineTimeoutMs?: number | undefined
  /**
   * Disables the object: callbacks run without a lock, events are discarded.
   * @default true if `CLI_OPS_DISABLED` is `1` or `true`
   */
  readonly disabled?: boolean | undefined
}

/** {@link ConnectionOptions} with every default filled in. */
export interface Connection {
  readonly home: string
  readonly namespace: string
  readonly disabled: boolean
  urlOf(primitive: Primitive): string
}

const LOCAL_URL = 'local:'
/** The variable of each primitive. */
const URL_VARIABLES: Readonly<Record<Primitive, string>> = {
  locks: 'CLI_OPS_LOCKS_URL',
  events: 'CLI_OPS_EVENTS_URL',
  registry: 'CLI_OPS_REGISTRY_URL',
  rpc: 'CLI_OPS_RPC_URL',
}

/** Returns the environment variables that can name an engine. */
export function urlVariables(): readonly string[] {
  return ['CLI_OPS_URL', ...Object.values(URL_VARIABLES)]
}

/** Validates connection options and fills in values from the environment and defaults. */
export function resolveConnection(options: ConnectionOptions, env = process.env): Connection {
  const home = options.home ?? (env['CLI_OPS_HOME'] || defaultHome(env))
  if (!isUsableHome(home)) refuseHome(options, home, env)
  const namespace = options.namespace ?? env['CLI_OPS_NAMESPACE'] ?? ''
  if (namespace !== '')
    assertName(
      options.namespace === undefined ? settingName('CLI_OPS_NAMESPACE') : 'namespace',
      namespace,
    )
  const disabled = options.disabled ?? isOn(env['CLI_OPS_DISABLED'])
  if (typeof disabled !== 'boolean') refuseDisabled(disabled)
  const { url } = options
  if (url !== undefined) assertUrl(url)
  const urlOf = (primitive: Primitive): string => {
    if (typeof url === 'string') return url
    if (url !== undefined) return url[primitive] ?? LOCAL_URL
    return env[URL_VARIABLES[primitive]] || env['CLI_OPS_URL'] || LOCAL_URL
  }
  return { home, namespace, disabled, urlOf }
}

// Throwing is a separate function, since every command loads and compiles the one above.
function refuseHome(
  { home: given }: ConnectionOptions,
  home: unknown,
  env: NodeJS.ProcessEnv,
): never {
  const { CLI_OPS_HOME: own, XDG_DATA_HOME: xdg } = env
  const variable = own ? 'CLI_OPS_HOME' : xdg && path.isAbsolute(xdg) ? 'XDG_DATA_HOME' : 'HOME'
  const named = given === undefined ? settingName(variable) : 'home'
  const value = given === undefined ? (env[variable] ?? '') : home
  const remedy = named === 'HOME' ? '; set HOME or CLI_OPS_HOME' : ''
  // Node reads each invalid UTF-8 byte as this character, and would create a directory with a different name.
  const rule = String(value).includes('\ufffd') ? 'be UTF-8' : 'be an absolute path'
  throw new TypeError(`${named} must ${rule}, got ${describe(value)}${remedy}`)
}

function refuseDisabled(disabled: unknown): never {
  throw new TypeError(`disabled must be true or false, got ${describe(disabled)}`)
}

// A URL can contain a password, so it is never shown.
function assertUrl(url: unknown): asserts url is ConnectionUrl {
  if (typeof url === 'string') return
  if (typeof url !== 'object' || url === null || Array.isArray(url)) {
    throw new TypeError(`url must be a string or an object of strings, got a value of another type`)
  }
  for (const [primitive, value] of Object.entries(url)) {
    if (!Object.hasOwn(URL_VARIABLES, primitive)) {
      const names = Object.keys(URL_VARIABLES).join(', ')
      throw new TypeError(`url must name ${names}, got ${describe(primitive)}`)
    }
    if (value !== undefined && typeof value !== 'string') {
      throw new TypeError(`url.${primitive} must be a string, got a value of another type`)
    }
  }
}
