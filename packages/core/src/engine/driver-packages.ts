/** A driver that is a package of its own, loaded only when a URL asks for it. */
export interface DriverPackage {
  /** Names the engine in environment variables: `CLI_OPS_REDIS_PASSWORD`. */
  readonly engine: string
  readonly name: string
  /** Its peer dependency, which talks to the engine. */
  readonly client: string
}

const REDIS = { engine: 'redis', name: '@cli-ops/driver-redis', client: 'ioredis' }
const AMQP = { engine: 'amqp', name: '@cli-ops/driver-amqp', client: 'amqplib' }
const POSTGRES = { engine: 'postgres', name: '@cli-ops/driver-postgres', client: 'pg' }
const NATS = { engine: 'nats', name: '@cli-ops/driver-nats', client: '@nats-io/transport-node' }
const WEBSOCKET = { engine: 'websocket', name: '@cli-ops/driver-websocket', client: 'ws' }

/** The package of each scheme that the kit has a driver for. */
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

/** The schemes that nobody else can have a driver for. */
export const OWN_SCHEMES: ReadonlySet<string> = new Set([
  'local:',
  'memory:',
  ...DRIVER_PACKAGES.keys(),
])

/** What an engine is called in the environment's variables: by the kit, else by its scheme without what follows a `+`. */
export function engineOf(protocol: string): string {
  return DRIVER_PACKAGES.get(protocol)?.engine ?? baseScheme(protocol).replace(/[.-]/gu, '_')
}

/** `etcd` of `etcd+tls:`: a package cannot have a plus in its name. */
export function baseScheme(protocol: string): string {
  return protocol.replace(/[+:].*$/u, '')
}
