import type { IncomingMessage } from 'node:http'

const MAX_BODY_BYTES = 8192

/** Reads which lock to release; returns a text that says what is wrong if the request is invalid. */
export async function readRelease(
  request: IncomingMessage,
): Promise<{ readonly resource: string; readonly id: string } | string> {
  if (request.headers['content-type'] !== 'application/json') return 'The body must be JSON.'
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    body += String(chunk)
    if (body.length > MAX_BODY_BYTES) return 'The body is too large.'
  }
  try {
    const { resource, id } = JSON.parse(body) as Record<string, unknown>
    if (typeof resource === 'string' && typeof id === 'string' && resource !== '' && id !== '')
      return { resource, id }
  } catch {
    // Reported below.
  }
  return 'The body must be {"resource": "…", "id": "…"}.'
}
