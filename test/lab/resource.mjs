/** What a rule locks here. */
export const RESOURCE = 'lab'
