import { InvalidArgumentError } from 'commander'

/** Parses `2026-12-24`, `today`, `tomorrow` or `+3d` as a day in the local time zone. */
export function parseDueDate(text: string, now = new Date()): string {
  const days = text === 'today' ? 0 : text === 'tomorrow' ? 1 : /^\+(\d{1,4})d$/u.exec(text)?.[1]
  if (days !== undefined) {
    return formatDay(new Date(now.getFullYear(), now.getMonth(), now.getDate() + Number(days)))
  }
  if (isRealDate(text)) return text
  throw new InvalidArgumentError('Give a date such as 2026-12-24, today, tomorrow or +3d.')
}

/** Returns whether a value is a day that exists, written `2026-12-24`. */
export function isRealDate(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/u.test(value)) return false
  const date = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value)
}

/** Returns whether a day is before today. */
export function isOverdue(day: string, now = new Date()): boolean {
  return day < formatDay(now)
}

function formatDay(date: Date): string {
  const pad = (part: number): string => String(part).padStart(2, '0')
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
}
