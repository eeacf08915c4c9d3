import { byId, make } from './dom.js'

const round = (value) => Math.round(value * 100) / 100
const svg = 'http://www.w3.org/2000/svg'

/** A bar with a mark at the expected share. Sizes are SVG attributes, which the page's CSP allows where style attributes are not. */
function bar(drawn, due, highest) {
  const percent = (value) => `${highest === 0 ? 0 : Math.max(0, (value / highest) * 100)}%`
  const track = document.createElementNS(svg, 'svg')
  track.setAttribute('class', 'track')
  track.setAttribute('aria-hidden', 'true')
  const part = (name, x, width, y, height) => {
    const rect = document.createElementNS(svg, 'rect')
    const size = { class: name, x, y, width, height, rx: 3 }
    for (const [key, value] of Object.entries(size)) rect.setAttribute(key, value)
    track.append(rect)
  }
  part('all', 0, '100%', 1, 7)
  part('drawn', 0, percent(drawn), 1, 7)
  if (due !== null) part('due', percent(due), 2, 0, 9)
  return track
}

/** Every rep a rotation looked at: share and what was owed, or why not. */
export function consideredReps(considered) {
  const list = make('div.reps')
  for (const { member, share, balance, excluded } of considered) {
    list.append(
      make(excluded === null ? 'span' : 'span.out', {}, member),
      bar(share, null, 1),
      make('span', {}, `${round(share * 100)} %`),
      make('span.why', {}, excluded ?? `${round(balance)} leads owed`),
    )
  }
  return list
}

/** Draws against the expected share, for every pool. */
export function showPools(pools) {
  const nodes = pools.flatMap(({ name, strategy, members, fairness }) => {
    const names = new Map(members.map(({ rep }) => [rep.id, rep.name]))
    const highest = Math.max(1, ...fairness.map(({ draws, expected }) => Math.max(draws, expected))) * 1.1
    const list = make('div.reps')
    for (const { member, draws, expected, excluded } of fairness) {
      const title = `${draws} draws, ${round(expected)} expected${excluded === null ? '' : `, ${excluded}`}`
      list.append(
        make(excluded === null ? 'span' : 'span.out', { title }, names.get(member) ?? member),
        bar(draws, expected, highest),
        make('span', { title, 'aria-label': title }, String(draws)),
      )
    }
    return [make('h3', {}, `${name} · ${strategy}`), list]
  })
  byId('pools').replaceChildren(
    ...(nodes.length === 0
      ? []
      : [make('h2', {}, 'Pool fairness'), make('p.quiet', {}, 'Bar: draws. Mark: the share by weight.')]),
    ...nodes,
  )
}
