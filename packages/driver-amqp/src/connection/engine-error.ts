import { CliOpsError, describeEngine, isCliOpsError } from '@cli-ops/shared-ipc/driver'

/** Replies that an operator can do something about, and what to do. */
const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/queue limit in vhost/u, 'raise max-queues of the virtual host'],
  [
    /number of channels opened|channel limit/u,
    'raise max-channels of the user, or channel_max_per_node of the broker',
  ],
  [
    /inequivalent arg 'x-queue-type'|of queue type rabbit_(?:classic|quorum)_queue/u,
    'it is no stream: another program created it; delete it',
  ],
  [
    /refused a message/u,
    'a policy may limit the queue (max-length, reject-publish): exempt names that begin with cli-ops.',
  ],
  [/ACCESS_REFUSED/u, 'docs/guides/rabbitmq.md lists the rights that a user needs'],
]

/** Returns the error for a broker that cannot be used, without anything that might be secret. */
export function engineError(url: URL, reason: unknown): CliOpsError {
  if (isCliOpsError(reason)) return reason
  const said = reason instanceof Error ? reason.message : String(reason)
  const text = explain(said, url)
  const code = isForbidden(said) ? 'FORBIDDEN' : 'ENGINE_UNAVAILABLE'
  return new CliOpsError(code, `cannot use ${describeEngine(url)}: ${text}`, {
    cause: reason instanceof Error ? withoutDetails(reason) : undefined,
  })
}

function isLoginRefused(text: string): boolean {
  return text.includes('ACCESS_REFUSED - Login was refused') || text.includes('ACCESS-REFUSED')
}

/** Whether the user may not log in, or may not use what was asked for. */
function isForbidden(text: string): boolean {
  return isLoginRefused(text) || text.includes('ACCESS_REFUSED')
}

/** Rewrites the broker's message, meant for its own log, to say what to change. */
function explain(text: string, { pathname, protocol }: URL): string {
  if (isLoginRefused(text))
    return 'the broker rejects the user name or the password (CLI_OPS_AMQP_USERNAME, CLI_OPS_AMQP_PASSWORD)'
  // The client library drops the broker's message here. The credentials were accepted before.
  if (text.startsWith('Expected ConnectionOpenOk; got <ConnectionClose')) {
    const vhost = decodeURIComponent(pathname.replace(/^\//u, '')) || '/'
    return `the broker has no virtual host ${JSON.stringify(vhost)}, or the user may not use it, or one of them has as many connections as its max-connections allows`
  }
  if (protocol === 'amqps:' && /wrong version number/u.test(text))
    return 'it does not answer with TLS; is it a broker without TLS? Its URL begins with amqp://'
  if (protocol === 'amqp:' && /Socket closed abruptly during opening|Invalid frame/u.test(text))
    return `${text}; is it a broker with TLS? Its URL begins with amqps://`
  const [, remedy] = REMEDIES.find(([pattern]) => pattern.test(text)) ?? []
  return remedy === undefined ? text : `${text}; ${remedy}`
}

/** The client library attaches what it was doing to its errors. */
function withoutDetails(reason: Error): Error {
  const { message, name, code } = reason as NodeJS.ErrnoException
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code })
}
