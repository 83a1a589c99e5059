/** Returns whether an environment switch is on: `1` or `true`. */
export function isOn(value: string | undefined): boolean {
  return value === '1' || value === 'true'
}
