import { rewrite } from './rewrite.ts'

// The intent is true in memory only: after a crash nobody knows that something was sent.
rewrite({
  'runtime/consider.ts': [
    ["note(task, { kind: 'intent', column: column.name, cell })", 'task.row.cells[column.name] = cell'],
  ],
})
