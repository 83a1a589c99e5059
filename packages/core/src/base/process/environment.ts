/** Reads a switch of the environment: `1` or `true`. */
export function isOn(value: string | undefined): boolean {
  return value === '1' || value === 'true'
}
