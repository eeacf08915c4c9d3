import type { NamedFault } from './vendor.ts'

/**
 * What any vendor behind a plain JSON interface may do to a client. `effect` is a part of the path of the request that changes something;
 * faults about a lost answer are played on it alone. `refused` is the body of a refusal in the vendor's own shape.
 */
export const restFaults = (
  effect: string,
  refused: (status: number, word: string) => unknown = (_, error) => ({ error }),
): Record<string, NamedFault> => ({
  'rate-limited': {
    about: 'HTTP 429 with a Retry-After of two seconds',
    fault: { kind: 'status', status: 429, headers: { 'retry-after': '2' }, body: refused(429, 'rate limit') },
  },
  'rate-limited-without-a-time': {
    about: 'HTTP 429 that does not say how long to wait',
    fault: { kind: 'status', status: 429, body: refused(429, 'rate limit') },
  },
  'key-refused': {
    about: 'HTTP 401: the key is wrong, expired or taken back',
    fault: { kind: 'status', status: 401, body: refused(401, 'unauthorized') },
  },
  forbidden: {
    about: 'HTTP 403: the key may not do this',
    fault: { kind: 'status', status: 403, path: effect, body: refused(403, 'forbidden') },
  },
  'server-error': {
    about: 'HTTP 500, and nothing has happened',
    fault: { kind: 'status', status: 500, path: effect, body: refused(500, 'internal') },
  },
  'error-after-effect': {
    about: 'the request takes effect, and the answer is a 502',
    fault: { kind: 'status-after', status: 502, path: effect, body: '<html>Bad gateway</html>' },
  },
  'answer-lost': {
    about: 'the request takes effect, and the connection breaks before the answer',
    fault: { kind: 'after', path: effect },
  },
  'cut-answer': {
    about: 'the request takes effect, and the connection breaks in the middle of the answer',
    fault: { kind: 'half-body', path: effect },
  },
  hang: { about: 'the request takes effect, and no answer comes', fault: { kind: 'hang', path: effect } },
  reset: {
    about: 'the connection breaks before the request takes effect',
    fault: { kind: 'before', path: effect },
  },
  'page-instead-of-answer': {
    about: 'a sign-in page with status 200',
    fault: { kind: 'status', status: 200, path: effect, body: '<html>Sign in</html>' },
  },
})
