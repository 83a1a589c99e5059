/**
 * Returns whether a version of Node is in an `engines` range of the forms that the frameworks use: `>=18`, `>=22.12.0`,
 * `^20.19.0 || ^22.12.0 || >=23`.
 *
 * @param {string} version
 * @param {string} range
 */
export function isInRange(version, range) {
  return range.split('||').some((part) => {
    const [, operator, bound] = /^\s*(\^|>=|)\s*v?([\d.x*]+)\s*$/.exec(part) ?? []
    if (bound === undefined) throw new Error(`cannot read the engines range ${range}`)
    const [major, minor, patch] = numbers(version)
    const [boundMajor, boundMinor, boundPatch] = numbers(bound)
    if (operator !== '>=' && major !== boundMajor) return false
    if (major !== boundMajor) return major > boundMajor
    return minor === boundMinor ? patch >= boundPatch : minor > boundMinor
  })
}

/** @param {string} version */
function numbers(version) {
  const [major, minor, patch] = version.split('.').map((part) => Number.parseInt(part, 10) || 0)
  return [major ?? 0, minor ?? 0, patch ?? 0]
}
