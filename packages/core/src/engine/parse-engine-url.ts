/** Scheme, user and password, hosts, the rest. */
const SEVERAL_HOSTS = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?)([^/?#@]*,[^/?#@]*)(.*)$/iu

/** What a person types who forgets the scheme. The URL standard reads the host as one. */
const HOST_AND_PORT = /^[\w.-]+:\d+(?:\/|$)/u

/**
 * Parses the URL of an engine; `undefined` if it is invalid. If it names several hosts (`redis://one:6379,two:6379/0`), which the URL
 * standard does not allow, those after the first become `host` parameters of the query, where they can also be given directly.
 */
export function parseEngineUrl(text: string): URL | undefined {
  if (HOST_AND_PORT.test(text)) return undefined
  const [, before = '', hosts = '', after = ''] = SEVERAL_HOSTS.exec(text) ?? []
  if (hosts === '') return URL.canParse(text) ? new URL(text) : undefined
  const [first = '', ...others] = hosts.split(',')
  const joined = `${before}${first}${after}`
  if (
    others.some((host) => host === '' || !URL.canParse(`redis://${host}`)) ||
    !URL.canParse(joined)
  )
    return undefined
  const url = new URL(joined)
  for (const host of others) url.searchParams.append('host', host)
  return url
}
