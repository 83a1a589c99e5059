import process from 'node:process'

/** Where the value of `NODE_EXTRA_CA_CERTS` is kept for those who reach for the network. */
export const CERTIFICATES = 'EXTRA_CERTIFICATES_OF_NPM'

/**
 * Takes `NODE_EXTRA_CA_CERTS` out of the environment. Node 20 reads such certificates at every start, which can double the time of
 * an empty process, and the tests start thousands of which hardly one leaves the machine.
 */
export function setExtraCertificatesAside() {
  const { NODE_EXTRA_CA_CERTS: certificates } = process.env
  if (certificates === undefined) return
  process.env[CERTIFICATES] = certificates
  delete process.env['NODE_EXTRA_CA_CERTS']
}
