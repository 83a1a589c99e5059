import process from 'node:process'

/** Keeps the value of `NODE_EXTRA_CA_CERTS` for processes that use the network. */
export const CERTIFICATES = 'EXTRA_CERTIFICATES_OF_NPM'

/**
 * Removes `NODE_EXTRA_CA_CERTS` from the environment. Node 20 reads these certificates at every start, which can double
 * the run time of an empty process. The tests start thousands of processes, and hardly any of them leaves the machine.
 */
export function setExtraCertificatesAside() {
  const { NODE_EXTRA_CA_CERTS: certificates } = process.env
  if (certificates === undefined) return
  process.env[CERTIFICATES] = certificates
  delete process.env['NODE_EXTRA_CA_CERTS']
}
