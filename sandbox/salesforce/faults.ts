import { untilCleared } from '../faults.ts'
import type { NamedFault } from '../vendor.ts'
import { type Trouble, troubleNames } from './troubles.ts'

const data = '/services/data'
const error = (errorCode: string, message: string) => [{ message, errorCode }]
const expired = error('INVALID_SESSION_ID', 'Session expired or invalid')

const troubles: Record<Trouble, string> = {
  'row-lock': 'the next record that is written is locked; the others of its request are written',
  'inactive-owner': 'the user who is to own the next record has left the company',
  'record-deleted': 'the next record that is updated was deleted since it was read',
  'record-converted': 'the next lead that is updated was converted to a contact since it was read',
  'record-merged': 'the next record that is updated was merged into another since it was read',
  'owner-overwritten': 'a flow of the org gives the next lead that is written to a queue 200 ms later',
  'taken-by-colleague': 'a colleague takes the next record whose owner is written, after it was read',
  duplicates: 'a duplicate rule of the org refuses the next lead that is created',
}

/** Everything that contracts.md has gone wrong with Salesforce, by name. */
export const salesforceFaults: Record<string, NamedFault> = {
  away: {
    about: 'every request is answered by a page with status 503, logins too, until the fault is cleared',
    fault: {
      kind: 'status',
      status: 503,
      times: untilCleared,
      body: '<html><h1>Service Unavailable</h1></html>',
    },
  },
  'rate-limited': {
    about: '429 with a Retry-After of two seconds',
    fault: {
      kind: 'status',
      path: data,
      status: 429,
      headers: { 'retry-after': '2' },
      body: error('TOO_MANY_REQUESTS', 'Too many requests. Try again later.'),
    },
  },
  'half-body': {
    about: 'the connection breaks in the middle of the answer',
    fault: { kind: 'half-body', path: data },
  },
  'stalled-body': {
    about: 'the answer stops in the middle, the connection stays open',
    fault: { kind: 'stalled-body', path: data },
  },
  hang: { about: 'the request takes effect and is never answered', fault: { kind: 'hang', path: data } },
  'expired-session': {
    about: 'the token is refused: once when it has expired, with more `times` for ever',
    fault: { kind: 'status', path: data, status: 401, body: expired },
  },
  'dead-client': {
    about: 'the token endpoint knows the client no more',
    fault: {
      kind: 'status',
      path: '/oauth2/token',
      status: 400,
      body: { error: 'invalid_client', error_description: 'invalid client credentials' },
    },
  },
  'daily-limit': {
    about: 'the calls of the day are used up',
    fault: {
      kind: 'status',
      path: data,
      status: 403,
      body: error('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'),
    },
  },
  'concurrent-limit': {
    about: 'too many long calls run at once',
    fault: {
      kind: 'status',
      path: data,
      status: 403,
      body: error('REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.'),
    },
  },
  'lost-answer': {
    about: 'the connection breaks after the request has taken effect',
    fault: { kind: 'after', path: data },
  },
  'lost-request': {
    about: 'the connection breaks before the request has taken effect',
    fault: { kind: 'before', path: data },
  },
  'html-503': {
    about: 'a page says that the org is in maintenance',
    fault: {
      kind: 'status',
      path: data,
      status: 503,
      body: '<html><body><h1>Down for maintenance</h1></body></html>',
    },
  },
  ...Object.fromEntries(
    troubleNames.map((name) => [name, { about: troubles[name], fault: { kind: 'state' as const } }]),
  ),
}
