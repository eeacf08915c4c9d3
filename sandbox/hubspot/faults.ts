import { untilCleared } from '../faults.ts'
import type { NamedFault } from '../vendor.ts'
import { limitReached } from './limits.ts'

const json = (category: string, message: string) => ({
  status: 'error',
  category,
  message,
  correlationId: 'fault',
})

/** How HubSpot can fail, each switched on by its name. Those of the kind `state` happen in the next request that they concern. */
export const hubspotFaults: Record<string, NamedFault> = {
  away: {
    about: 'every request is answered by a page with status 503, until the fault is cleared',
    fault: {
      kind: 'status',
      status: 503,
      times: untilCleared,
      body: '<html><h1>Service Unavailable</h1></html>',
    },
  },
  'ten-secondly': {
    about: '429: the account’s calls of ten seconds are used up; no Retry-After',
    fault: { kind: 'status', status: 429, body: limitReached('TEN_SECONDLY_ROLLING') },
  },
  'ten-secondly-retry-after': {
    about: '429: the same, with a Retry-After of two seconds',
    fault: {
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '2' },
      body: limitReached('TEN_SECONDLY_ROLLING'),
    },
  },
  'daily-limit': {
    about: '429: the calls of the day are used up',
    fault: { kind: 'status', status: 429, body: limitReached('DAILY') },
  },
  'search-secondly': {
    about: '429: the searches of this second are used up; other calls are not',
    fault: { kind: 'status', path: '/search', status: 429, body: limitReached('SECONDLY') },
  },
  'partial-batch': {
    about:
      '207: the next record to be changed is refused by a rule of the account, the others of its batch are changed',
    fault: { kind: 'state' },
  },
  'bad-gateway-after-commit': {
    about: '502 although the request took effect',
    fault: { kind: 'status-after', status: 502, body: '<html><h1>502 Bad Gateway</h1></html>' },
  },
  hang: { about: 'takes effect and never answers', fault: { kind: 'hang' } },
  'owner-archived': {
    about: '400: the owner is deactivated between being looked up and being written',
    fault: { kind: 'state' },
  },
  'contact-deleted': {
    about: '404: the next contact that is changed was deleted since it was read',
    fault: { kind: 'state' },
  },
  'conflict-on-create': {
    about: '409: somebody creates a contact with this e-mail just before we do',
    fault: { kind: 'state' },
  },
  'stale-index': {
    about: '200: the search does not find what was created seconds ago',
    fault: { kind: 'status', path: '/search', status: 200, body: { total: 0, results: [] } },
  },
  'enrolment-short-form': {
    about: '200: the next look at the enrolments of an enrolled contact does not name the sequence',
    fault: { kind: 'state' },
  },
  'expired-token': {
    about: '401: the token has expired or was taken back',
    fault: {
      kind: 'status',
      status: 401,
      body: json('EXPIRED_AUTHENTICATION', 'The access token is expired or revoked'),
    },
  },
  'missing-scope': {
    about: '403: the token lacks a scope',
    fault: {
      kind: 'status',
      status: 403,
      body: json('MISSING_SCOPES', 'This app hasn’t been granted all required scopes to make this call'),
    },
  },
  'cut-body': {
    about: 'takes effect, and the connection breaks in the middle of the answer',
    fault: { kind: 'half-body' },
  },
  'maintenance-page': {
    about: '200 with a web page instead of JSON',
    fault: { kind: 'status', status: 200, body: '<html><h1>Down for maintenance</h1></html>' },
  },
}
