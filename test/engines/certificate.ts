import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of a private authority and of a certificate that it has signed. */
export interface Certificate {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Creates them in a directory, for names such as `IP:127.0.0.1` or `DNS:localhost`, as the guide does. */
export function makeCertificate(
  directory: string,
  names: readonly string[],
  name = 'hub',
  days = 30,
): Certificate {
  const file = (suffix: string): string => join(directory, `${name}${suffix}`)
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe' })
  }
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const ca = [file('-ca.pem'), file('-ca.key')] as const
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '30',
    '-subj',
    '/CN=test authority',
    ...[...['-keyout', ca[1], '-out', ca[0]]],
  )
  openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', file('.key'), '-out', file('.csr'))
  writeFileSync(file('.ext'), `subjectAltName=${names.join(',')}\n`)
  openssl(
    'x509',
    '-req',
    '-days',
    String(days),
    '-in',
    file('.csr'),
    '-out',
    file('.pem'),
    ...[...['-CA', ca[0], '-CAkey', ca[1], '-CAcreateserial', '-extfile', file('.ext')]],
  )
  return { ca: ca[0], cert: file('.pem'), key: file('.key') }
}
