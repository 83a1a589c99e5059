import type stringWidth from 'string-width'

/** Loads the measuring of non-ASCII text: its tables cost three times as much as starting Node. */
export function loadStringWidth(): typeof stringWidth {
  return (require('string-width') as { readonly default: typeof stringWidth }).default
}
