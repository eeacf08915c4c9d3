import type { Sandbox } from '../../sandbox/sandbox.ts'

/** Switches a fault on the way users do: by its name, over HTTP. */
export async function switchOn(
  sandbox: Pick<Sandbox, 'url'>,
  fault: { vendor: string; name: string; times?: number },
): Promise<void> {
  const answer = await fetch(`${sandbox.url}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  })
  if (answer.status !== 201)
    throw new Error(`the sandbox does not play ${fault.name}: ${await answer.text()}`)
}
