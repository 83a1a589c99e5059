/** Formats an ordinal number: `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(place: number): string {
  const last = place % 10
  const isTeen = Math.floor(place / 10) % 10 === 1
  const ending = isTeen ? undefined : { 1: 'st', 2: 'nd', 3: 'rd' }[last]
  return `${place}${ending ?? 'th'}`
}
