/** Tells whether a URL names an engine behind the network, which takes a companion. */
export function isEngine(url: string): boolean {
  return url !== 'local:' && url !== 'memory:'
}
