/** A driver in a separate package, loaded only when a URL requires it. */
export interface DriverPackage {
  /** The engine's name in environment variables: `CLI_OPS_REDIS_PASSWORD`. */
  readonly engine: string
  readonly name: string
}

const REDIS = { engine: 'redis', name: '@cli-ops/driver-redis' }
const AMQP = { engine: 'amqp', name: '@cli-ops/driver-amqp' }
const POSTGRES = { engine: 'postgres', name: '@cli-ops/driver-postgres' }
const NATS = { engine: 'nats', name: '@cli-ops/driver-nats' }
const WEBSOCKET = { engine: 'websocket', name: '@cli-ops/driver-websocket' }

/** The kit's own driver packages, by scheme. */
export const DRIVER_PACKAGES: ReadonlyMap<string, DriverPackage> = new Map([
  ['redis:', REDIS],
  ['rediss:', REDIS],
  ['redis+sentinel:', REDIS],
  ['rediss+sentinel:', REDIS],
  ['valkey:', REDIS],
  ['valkeys:', REDIS],
  ['valkey+sentinel:', REDIS],
  ['valkeys+sentinel:', REDIS],
  ['amqp:', AMQP],
  ['amqps:', AMQP],
  ['postgres:', POSTGRES],
  ['postgresql:', POSTGRES],
  ['nats:', NATS],
  ['natss:', NATS],
  ['ws:', WEBSOCKET],
  ['wss:', WEBSOCKET],
])

/** The schemes reserved for the kit's own drivers. */
export const OWN_SCHEMES: ReadonlySet<string> = new Set([
  'local:',
  'memory:',
  ...DRIVER_PACKAGES.keys(),
])

/** Returns an engine's name in environment variables: the kit's name for it, else its scheme without the part after a `+`. */
export function engineOf(protocol: string): string {
  return DRIVER_PACKAGES.get(protocol)?.engine ?? baseScheme(protocol).replace(/[.-]/gu, '_')
}

/** Returns `etcd` for `etcd+tls:`: a package name cannot contain a plus. */
export function baseScheme(protocol: string): string {
  return protocol.replace(/[+:].*$/u, '')
}
