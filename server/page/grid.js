import { byId, make, shortText } from './dom.js'
import { marksOf, pill, wordsOf } from './pills.js'

const inputsShown = 2

/** The input fields that fit beside the columns: required ones first. */
export function shownInputs({ properties = {}, required = [] }) {
  const names = Object.keys(properties)
  return [
    ...names.filter((name) => required.includes(name)),
    ...names.filter((name) => !required.includes(name)),
  ].slice(0, inputsShown)
}

/** The table of rows. `onOpen(row, column)` is called for a click or Enter on a cell. */
export function createGrid(onOpen) {
  let table = null
  let inputs = []
  let elements = new Map()

  byId('rows').addEventListener('click', (event) => {
    const button = event.target.closest('button.open')
    if (button !== null) onOpen(button.dataset.row, button.dataset.column)
  })
  byId('rows').addEventListener('keydown', moveFocus)

  function rowElement(row) {
    const [first, ...rest] = inputs
    const element = make('tr', { 'data-row': row.id })
    element.append(
      make('th', { scope: 'row', title: shortText(row.input[first]) }, shortText(row.input[first])),
    )
    for (const name of rest) {
      const text = shortText(row.input[name])
      element.append(make('td', { title: text }, text))
    }
    for (const { name } of table.columns) element.append(make('td.cell', {}, cellButton(row, name)))
    return element
  }

  function cellButton(row, column) {
    const cell = row.cells[column]
    const words = `${wordsOf(cell)}${marksOf(cell)}`
    const named = { title: words, 'aria-label': `${column}: ${words}` }
    return make(
      'button.open',
      { type: 'button', tabindex: '-1', 'data-row': row.id, 'data-column': column, ...named },
      pill(cell),
    )
  }

  /** Arrow keys move between cells, so that Tab crosses the table in one step. */
  function moveFocus(event) {
    const button = event.target.closest('button.open')
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key]
    if (button === null || steps === undefined) return
    event.preventDefault()
    const row = button.closest('tr')
    const place = [...row.querySelectorAll('button.open')].indexOf(button)
    const target = steps[0] === 0 ? row : steps[0] < 0 ? row.previousElementSibling : row.nextElementSibling
    const next = target?.querySelectorAll('button.open')[place + steps[1]]
    if (next === undefined) return
    next.tabIndex = 0
    button.tabIndex = -1
    next.focus()
  }

  return {
    show(definition) {
      table = definition
      inputs = shownInputs(table.input)
      elements = new Map()
      byId('rows').replaceChildren()
      const heads = inputs.map((name) => make('th', { scope: 'col' }, name))
      const columns = table.columns.map(({ name, kind }) =>
        make('th', { scope: 'col' }, name, make('small', {}, kind)),
      )
      byId('head').replaceChildren(make('tr', {}, ...heads, ...columns))
    },
    /** Draws the rows in this order; a row that did not change keeps its element, and with it the focus. */
    draw(rows) {
      const focused = document.activeElement?.dataset ?? {}
      const drawn = new Map()
      for (const row of rows) {
        const text = JSON.stringify(row)
        const known = elements.get(row.id)
        drawn.set(row.id, known?.text === text ? known : { text, element: rowElement(row) })
      }
      elements = drawn
      const wanted = [...drawn.values()].map(({ element }) => element)
      const body = byId('rows')
      const isSame =
        body.children.length === wanted.length && wanted.every((each, index) => body.children[index] === each)
      if (!isSame) body.replaceChildren(...wanted)
      this.button(focused.row, focused.column)?.focus({ preventScroll: true })
      if (body.querySelector('button.open[tabindex="0"]') === null) {
        body.querySelector('button.open')?.setAttribute('tabindex', '0')
      }
    },
    button(row, column) {
      const buttons = elements.get(row)?.element.querySelectorAll('button.open') ?? []
      return [...buttons].find((each) => each.dataset.column === column) ?? null
    },
  }
}
