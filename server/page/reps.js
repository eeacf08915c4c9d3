import { byId, make, moment } from './dom.js'

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
  for (const { member, name, share, balance, excluded } of considered) {
    list.append(
      make(excluded === null ? 'span' : 'span.out', {}, name ?? member),
      bar(share, null, 1),
      make('span', {}, `${round(share * 100)} %`),
      make('span.why', {}, excluded?.reason ?? `${round(balance)} leads owed`),
    )
  }
  return list
}

/** Draws against the expected share, for every pool. */
export function showPools(pools) {
  const nodes = pools.flatMap(({ name, strategy, fairness }) => {
    const highest = Math.max(1, ...fairness.map(({ draws, expected }) => Math.max(draws, expected))) * 1.1
    const list = make('div.reps')
    for (const { name: rep, draws, expected, excluded } of fairness) {
      const title = `${draws} draws, ${round(expected)} expected${excluded === null ? '' : `, ${excluded.reason}`}`
      list.append(
        make(excluded === null ? 'span' : 'span.out', { title }, rep),
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

/** Who can be drawn now, who cannot and until when, and what is on everybody's plate. */
export function showReps(reps) {
  const list = make('ul.team')
  for (const { name, availability, load } of reps) {
    const { excluded, opensAt } = availability
    const [glyph, colour] = excluded === null ? ['●', 'good'] : ['◷', 'quiet']
    // Other reasons say until when by themselves.
    const next = excluded?.code === 'cap' && opensAt !== null ? `, until ${moment(opensAt)}` : ''
    list.append(
      make(
        'li.mate',
        {},
        make(`span.glyph.${colour}`, { 'aria-hidden': 'true' }, glyph),
        make('span', {}, name),
        make('span.quiet', {}, `${load.today} today, ${load.open} open`),
        make('span.quiet.why', {}, excluded === null ? 'can be drawn' : `${excluded.reason}${next}`),
      ),
    )
  }
  byId('reps').replaceChildren(...(reps.length === 0 ? [] : [make('h2', {}, 'Reps'), list]))
}
