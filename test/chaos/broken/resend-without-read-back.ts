import { rewrite } from './rewrite.ts'

// An open intent is sent again at once, whatever became of it.
rewrite({
  'runtime/attempt.ts': [
    [
      'reconcile ? work.reconcile(values, context) : work.send',
      "reconcile ? { state: 'absent' } : work.send",
    ],
  ],
})
