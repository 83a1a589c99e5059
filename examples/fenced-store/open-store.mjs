/**
 * Opens the fenced store at a place: a directory, or a table if it is the URL of a PostgreSQL database.
 *
 * @param {string} place
 */
export async function openStore(place) {
  if (place.startsWith('postgres')) {
    const { FencedTable } = await import('./fenced-table.mjs')
    return FencedTable.open(place)
  }
  const { FencedStore } = await import('./fenced-store.mjs')
  return new FencedStore(place)
}
