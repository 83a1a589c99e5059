/** True in `npm run test:storm`, which runs the same scenarios at the sizes that the goals name. */
export const isLong = process.env['CLI_OPS_STORM'] === 'long'

/** Returns a scenario's size: the small one in `npm test`, the large one in `npm run test:storm`. */
export function scale<Size>(short: Size, long: Size): Size {
  return isLong ? long : short
}
