import { rewrite } from './rewrite.ts'

// The client of the messenger repeats what failed by itself, as it does by default.
rewrite({
  'connectors/slack/session.ts': [
    ['retryConfig: { retries: 0 }', 'retryConfig: { retries: 3, minTimeout: 10, maxTimeout: 20 }'],
  ],
})
