import { CliOpsError, describeEngine, isCliOpsError } from '@cli-ops/shared-ipc/driver'

/** Returns the error for a broker that cannot be used, without anything that might be secret. */
export function engineError(url: URL, reason: unknown): CliOpsError {
  if (isCliOpsError(reason)) return reason
  const said = reason instanceof Error ? reason.message : String(reason)
  const text = explain(said, url)
  const code = isLoginRefused(said) ? 'FORBIDDEN' : 'ENGINE_UNAVAILABLE'
  return new CliOpsError(code, `cannot use ${describeEngine(url)}: ${text}`, {
    cause: reason instanceof Error ? withoutDetails(reason) : undefined,
  })
}

function isLoginRefused(text: string): boolean {
  return text.includes('ACCESS_REFUSED - Login was refused') || text.includes('ACCESS-REFUSED')
}

/** Rewrites the broker's message, meant for its own log, to say what to change. */
function explain(text: string, { pathname }: URL): string {
  if (isLoginRefused(text))
    return 'the broker rejects the user name or the password (CLI_OPS_AMQP_USERNAME, CLI_OPS_AMQP_PASSWORD)'
  // The client library drops the broker's message here. The credentials were accepted before.
  if (text.startsWith('Expected ConnectionOpenOk; got <ConnectionClose')) {
    const vhost = decodeURIComponent(pathname.replace(/^\//u, '')) || '/'
    return `the broker has no virtual host ${JSON.stringify(vhost)}, or the user may not use it`
  }
  return text
}

/** The client library attaches what it was doing to its errors. */
function withoutDetails(reason: Error): Error {
  const { message, name, code } = reason as NodeJS.ErrnoException
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code })
}
