// The frame that all plots share. Colours come from a style sheet, so that one file reads well on light and dark pages;
// the plain attributes are for viewers without media queries.

/** Colours of the series, legible on white and on near-black. */
export const COLOURS = ['#3b82d6', '#e07b39', '#3a9d5d', '#a566c9', '#c94f6d', '#8a8f27']

const STYLE = `
  text { fill: #57606a; font: 12px system-ui, sans-serif; }
  .title { fill: #24292f; font-size: 14px; font-weight: 600; }
  .grid { stroke: #8c959f; stroke-opacity: .3; }
  .goal { stroke: #cf222e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9aa4af; }
    .title { fill: #e6edf3; }
    .goal { stroke: #ff7b72; }
  }`

/**
 * @param {{ width: number, height: number, title: string, body: readonly string[] }} page
 */
export function svgPage({ width, height, title, body }) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escapeXml(title)}</title>
<style>${STYLE}
</style>
<text class="title" x="16" y="24">${escapeXml(title)}</text>
${body.join('\n')}
</svg>
`
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {'start' | 'middle' | 'end'} [anchor]
 */
export function svgText(x, y, text, anchor = 'start') {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeXml(text)}</text>`
}

/** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {string} className */
export function svgLine(x1, y1, x2, y2, className) {
  return `<line class="${className}" stroke="#8c959f" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`
}

/** @param {number} value */
export function round(value) {
  return Math.round(value * 10) / 10
}

/** @param {string} text */
export function escapeXml(text) {
  return text.replace(/[&<>"]/gu, (character) => `&#${character.codePointAt(0)};`)
}
