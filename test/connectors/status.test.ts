import { expect, test } from 'vitest'
import { failureOfStatus } from '../../connectors/status.ts'

const page = { headers: {}, text: '<html>Access denied</html>' }
const own = { headers: {}, text: '{"error":"forbidden"}' }
const isOwn = ({ text }: { text: string }) => text.startsWith('{')

test.each([
  [403, 'unauthorized'],
  [404, 'not-found'],
  [410, 'not-found'],
])('a %i in the shape of the vendor is final, a page is not', (status, kind) => {
  const asked = { vendor: 'CRM', write: true, isOwn }
  expect(failureOfStatus({ ...own, status }, asked)).toMatchObject({
    kind,
    retryable: false,
    outcomeUnknown: false,
  })
  const foreign = { kind: 'unavailable', retryable: true }
  expect(failureOfStatus({ ...page, status }, asked)).toMatchObject({ ...foreign, outcomeUnknown: true })
  const read = { ...asked, write: false }
  expect(failureOfStatus({ ...page, status }, read)).toMatchObject({ ...foreign, outcomeUnknown: false })
  expect(failureOfStatus({ ...page, status }, { vendor: 'CRM', write: true })).toMatchObject({ kind })
})

test.each([420, 429])('a %i that names no time rests the credential for ten seconds', (status) => {
  const asked = { vendor: 'CRM', write: false }
  expect(failureOfStatus({ ...own, status }, asked)).toMatchObject({
    kind: 'rate-limited',
    retryAfterMs: 10_000,
  })
  const told = { ...own, status, headers: { 'retry-after': '3' } }
  expect(failureOfStatus(told, asked)).toMatchObject({ retryAfterMs: 3_000 })
})
