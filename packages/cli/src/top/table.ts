import { fitText, printable, type StyleName, widthOf } from '@cli-ops/shared-ipc/ops'

/** One column of a table over rows of one kind. */
export interface Column<Row> {
  readonly title: string
  readonly text: (row: Row, now: number) => string
  /** The sort value of a row. @default the text */
  readonly rank?: (row: Row, now: number) => number | string
  readonly align?: 'right'
  /** Less important columns are dropped first if space is tight: 0 always stays. */
  readonly importance: number
  /** The maximum width; without it, the column shares the remaining space. */
  readonly maxWidth?: number
  readonly style?: (row: Row, now: number) => StyleName | undefined
}

/** A column that fits, and its width. */
export interface FittedColumn<Row> {
  readonly column: Column<Row>
  /** Index among all columns. */
  readonly index: number
  readonly width: number
}

const GAP = 2
/** The width of a column without a limit while others can be dropped, and when they cannot. */
const ROOMY = 28
const NARROW = 12

/** Chooses the columns that fit and their widths, according to the rows. */
export function fitColumns<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  now: number,
  width: number,
): FittedColumn<Row>[] {
  const natural = columns.map(({ title, text }) =>
    rows.reduce(
      (most, row) => Math.max(most, widthOf(printable(text(row, now)))),
      title.length + 1,
    ),
  )
  let chosen = columns.map((_, index) => index)
  let wanted: number[] = []
  const total = (): number => chosen.reduce((sum, index) => sum + (wanted[index] ?? 0) + GAP, -GAP)
  // Names matter more than the last columns of the list, and less than the first.
  for (const { flexible, kept } of [
    { flexible: ROOMY, kept: 3 },
    { flexible: NARROW, kept: 0 },
  ]) {
    wanted = columns.map(({ maxWidth = flexible }, index) =>
      Math.min(natural[index] ?? 0, maxWidth),
    )
    while (total() > width) {
      const least = Math.max(...chosen.map((index) => columns[index]?.importance ?? 0))
      if (least <= kept) break
      const dropped = chosen.findLast((index) => columns[index]?.importance === least)
      chosen = chosen.filter((index) => index !== dropped)
    }
    if (total() <= width) break
  }
  // The remaining space goes to the columns without a limit, as far as they can use it.
  let left = width - total()
  const widths = new Map(chosen.map((index) => [index, wanted[index] ?? 0]))
  const missing = (index: number): number => (natural[index] ?? 0) - (widths.get(index) ?? 0)
  const flexible = chosen
    .filter((index) => columns[index]?.maxWidth === undefined)
    .sort((one, other) => missing(one) - missing(other))
  for (const [served, index] of flexible.entries()) {
    const share = Math.floor(left / (flexible.length - served))
    const extra = Math.max(0, Math.min(share, missing(index)))
    widths.set(index, (widths.get(index) ?? 0) + extra)
    left -= extra
  }
  return chosen.flatMap((index) => {
    const column = columns[index]
    return column === undefined ? [] : [{ column, index, width: widths.get(index) ?? 0 }]
  })
}

/** Returns the titles; the sorted one has an arrow. */
export function headingOf<Row>(
  fitted: readonly FittedColumn<Row>[],
  sort: { readonly column: number; readonly isReversed: boolean } | undefined,
): string {
  return fitted
    .map(({ column, index, width }) => {
      const arrow = sort?.column !== index ? '' : sort.isReversed ? '▼' : '▲'
      return fitText(`${column.title}${arrow}`, width, column.align)
    })
    .join(' '.repeat(GAP))
}

/** Returns the cells of one row, made safe and fitted, each with its style. */
export function cellsOf<Row>(
  fitted: readonly FittedColumn<Row>[],
  row: Row,
  now: number,
): { readonly text: string; readonly style: StyleName | undefined }[] {
  return fitted.map(({ column, width }) => ({
    text: fitText(printable(column.text(row, now)), width, column.align),
    style: column.style?.(row, now),
  }))
}

/** Sorts rows by a column; equal rows keep their order. */
export function sortRows<Row>(
  rows: readonly Row[],
  { rank, text }: Column<Row>,
  isReversed: boolean,
  now: number,
): Row[] {
  const keyed = rows.map((row) => ({ row, key: (rank ?? text)(row, now) }))
  keyed.sort(({ key: a }, { key: b }) => {
    const order =
      typeof a === 'number' && typeof b === 'number'
        ? a - b
        : String(a).localeCompare(String(b), 'en', { numeric: true })
    return isReversed ? -order : order
  })
  return keyed.map(({ row }) => row)
}
