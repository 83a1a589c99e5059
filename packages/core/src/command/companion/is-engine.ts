/** Returns whether a URL names an engine across the network, which needs a companion. */
export function isEngine(url: string): boolean {
  return url !== 'local:' && url !== 'memory:'
}
