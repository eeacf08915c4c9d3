import { rewrite } from './rewrite.ts'

// An open intent is sent again at once, whatever became of it.
rewrite({
  'runtime/attempt.ts': [
    [
      'if (!reconcile) return work.send(values, context)',
      "if (reconcile) return { state: 'absent' }\n  return work.send(values, context)",
    ],
  ],
})
