import type stringWidth from 'string-width'

/** Loads what measures a text of other characters than those of every keyboard: its tables cost three times what Node needs to start. */
export function loadStringWidth(): typeof stringWidth {
  return (require('string-width') as { readonly default: typeof stringWidth }).default
}
