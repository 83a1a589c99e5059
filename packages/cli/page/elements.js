const SVG = 'http://www.w3.org/2000/svg'

/** @typedef {Record<string, string | number | boolean | undefined | ((event: Event) => void)>} Attributes */
/** @typedef {Node | string | undefined | false} Child */

/**
 * Makes an element. Children that are strings become text and nothing else, whatever they hold.
 *
 * @param {string} tag
 * @param {Attributes} [attributes] `onclick` and the like are listeners
 * @param {...Child} children
 */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children)
}

/** As {@link h} for SVG. @param {string} tag @param {Attributes} [attributes] @param {...Child} children */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children)
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Attributes} attributes
 * @param {readonly Child[]} children
 * @returns {E}
 */
function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value))
  }
  for (const child of children) if (child !== undefined && child !== false) element.append(child)
  return element
}

/** The element of the page with an id. @param {string} id */
export function byId(id) {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`there is no #${id}`)
  return element
}

/**
 * Makes the children of an element those that are wanted, by changing as little as possible: what has the focus, is
 * selected or scrolled stays so.
 *
 * @param {Element} parent
 * @param {readonly { readonly key: string, readonly look: string, readonly make: () => Element }[]} wanted `look` says all
 *   that a child shows: one with another look is made anew
 */
export function reconcile(parent, wanted) {
  /** @type {Map<string, Element>} */
  const present = new Map()
  for (const child of parent.children) present.set(child.getAttribute('data-key') ?? '', child)
  /** @type {Element | null} */
  let next = parent.firstElementChild
  for (const { key, look, make } of wanted) {
    let child = present.get(key)
    present.delete(key)
    if (child === undefined || looks.get(child) !== look) {
      const fresh = make()
      fresh.setAttribute('data-key', key)
      looks.set(fresh, look)
      if (child !== undefined) {
        if (child === next) next = child.nextElementSibling
        child.remove()
      }
      child = fresh
    }
    if (child === next) next = next.nextElementSibling
    else parent.insertBefore(child, next)
  }
  for (const child of present.values()) child.remove()
}

/** @type {WeakMap<Element, string>} */
const looks = new WeakMap()
