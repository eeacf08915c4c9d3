import type { NamedFault } from '../vendor.ts'

const problem = (code: string) => ({ error: { code, message: code } })

/** What a Workflows webhook is known to do: docs/connectors.md says what becomes of each. */
export const teamsFaults: Readonly<Record<string, NamedFault>> = {
  'flow-fails': {
    about: 'accepted with 202, and the flow behind it posts nothing',
    fault: { kind: 'status', status: 202, headers: { 'x-ms-workflow-run-id': '08580000000000000000FAILED' } },
  },
  'rate-limited': {
    about: 'HTTP 429 with a Retry-After of two seconds',
    fault: { kind: 'status', status: 429, headers: { 'retry-after': '2' }, body: problem('TooManyRequests') },
  },
  'too-large': {
    about: 'HTTP 413: the message is longer than 28 KB',
    fault: { kind: 'status', status: 413, body: 'request entity too large' },
  },
  'bad-card': {
    about: 'HTTP 400: the card is refused',
    fault: { kind: 'status', status: 400, body: problem('InvalidRequestContent') },
  },
  'signature-changed': {
    about: 'HTTP 401: the sig in the address was renewed',
    fault: { kind: 'status', status: 401, body: problem('DirectApiAuthorizationRequired') },
  },
  'flow-deleted': {
    about: 'HTTP 404: somebody deleted the flow',
    fault: { kind: 'status', status: 404, body: problem('WorkflowNotFound') },
  },
  slow: { about: 'the answer takes 30 seconds', fault: { kind: 'delay', delayMs: 30_000 } },
  reset: { about: 'the connection breaks before the request is taken', fault: { kind: 'before' } },
  'answer-lost': { about: 'the card is posted, and the answer is lost', fault: { kind: 'after' } },
  'bad-gateway': {
    about: 'the card is posted, and the answer is a 502',
    fault: { kind: 'status-after', status: 502, body: '<html>Bad gateway</html>' },
  },
  'flow-orphaned': {
    about: 'HTTP 400: the owner of the flow has left, and its connection with them',
    fault: { kind: 'status', status: 400, body: problem('WorkflowTriggerIsNotEnabled') },
  },
}
