import { byId } from './dom.js'

const keyName = 'rota-key'

/** Asks the server; asks the person for the key when the server does. Throws with the words of the problem. */
export async function ask(path, { signal, headers } = {}) {
  for (;;) {
    const response = await fetch(path, { signal, headers: { ...headers, ...keyHeader() } })
    if (response.ok) return response
    if (response.status === 401) {
      await askForKey()
      continue
    }
    const problem = await response.json().catch(() => ({ detail: `the server answered ${response.status}` }))
    throw new Error(problem.detail)
  }
}

export const read = async (path, options) => (await ask(path, options)).json()

export function keyHeader() {
  const key = sessionStorage.getItem(keyName)
  return key === null ? {} : { authorization: `Bearer ${key}` }
}

let asking = null

/** One dialog, however many requests were refused. */
function askForKey() {
  asking ??= new Promise((resolve) => {
    const dialog = byId('ask')
    const input = byId('key')
    input.value = ''
    dialog.addEventListener(
      'close',
      () => {
        sessionStorage.setItem(keyName, input.value.trim())
        asking = null
        resolve()
      },
      { once: true },
    )
    dialog.showModal()
  })
  return asking
}
