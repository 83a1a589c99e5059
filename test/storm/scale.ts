/** True in `npm run test:storm`, which runs the same scenarios in the sizes that the goals name. */
export const isLong = process.env['CLI_OPS_STORM'] === 'long'

/** The size of a scenario: the small one in `npm test`, the large one in `npm run test:storm`. */
export function scale<Size>(short: Size, long: Size): Size {
  return isLong ? long : short
}
