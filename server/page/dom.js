/** The element with this id; the page and its script are served together, so it is there. */
export const byId = (id) => document.getElementById(id)

/**
 * Makes an element. Text always becomes a text node: what a lead wrote can never become markup.
 *
 * @param {string} name `div` or `div.class`
 */
export function make(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.')
  const element = document.createElement(tag)
  if (classes.length > 0) element.className = classes.join(' ')
  for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value)
  element.append(...children.filter((child) => child !== null && child !== undefined))
  return element
}

/** A value as one short line. */
export function shortText(value) {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return value.map(shortText).join(', ')
  if (typeof value.name === 'string') return value.name
  return Object.values(value)
    .filter((each) => ['string', 'number'].includes(typeof each))
    .slice(0, 3)
    .join(' · ')
}

/** A value as lines. */
export const longText = (value) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2))

/** A moment in the clock of whoever looks, with its zone: the weekday where it is near, the date where it is not. */
export function moment(time) {
  const date = new Date(time)
  const isNear = Math.abs(date - Date.now()) < 6 * 86_400_000
  const day = isNear ? { weekday: 'short' } : { day: 'numeric', month: 'short', year: 'numeric' }
  return date.toLocaleString(undefined, { ...day, hour: '2-digit', minute: '2-digit', timeZoneName: 'short' })
}

export const seconds = (ms) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`)

/** Runs `work` at most once every `pauseMs`, and once more when it was asked for in between. */
export function eased(work, pauseMs) {
  let scheduled = false
  let busy = false
  let again = false
  async function run() {
    scheduled = false
    busy = true
    again = false
    try {
      await work()
    } finally {
      busy = false
      if (again) schedule()
    }
  }
  function schedule() {
    if (!scheduled) setTimeout(run, pauseMs)
    scheduled = true
  }
  return () => {
    if (busy) again = true
    else schedule()
  }
}
