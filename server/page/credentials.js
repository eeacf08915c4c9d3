import { byId, make, moment } from './dom.js'

/** One line for each credential with which something is the matter; nothing while all take calls and are answered. */
export function showCredentials(credentials) {
  const lines = credentials.flatMap((credential) => {
    const text = troubleOf(credential)
    return text === null ? [] : [make('li', {}, make('strong', {}, credential.key), ` ${text}`)]
  })
  const list = byId('credentials')
  list.replaceChildren(...lines)
  list.hidden = lines.length === 0
}

function troubleOf({ needsCredentials, restingUntil, failing, reason }) {
  if (needsCredentials !== null) {
    const { since, nextProbeAt } = needsCredentials
    return `needs credentials since ${moment(since)}: ${reason}. Rows wait; next try ${moment(nextProbeAt)}.`
  }
  if (restingUntil !== null) return `rests until ${moment(restingUntil)}: ${reason}`
  if (failing === null) return null
  const { since, failures, last } = failing
  return `failing since ${moment(since)} (${failures} ${failures === 1 ? 'failure' : 'failures'}, last: ${last})`
}
