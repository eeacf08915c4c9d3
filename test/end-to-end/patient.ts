import { rewrite } from '../chaos/broken/rewrite.ts'
import { patienceMs } from '../support/patience.ts'

// Loaded in front of a server process: its calls have as much time as hundreds of leads at once need on a slow and busy machine. The
// deadlines of the columns are not what the tests with processes are about, and would decide about leads there.
rewrite({
  'columns/build.ts': [
    ['timeoutMs: parts.timeoutMs ?? timeouts[parts.work.effect],', `timeoutMs: ${patienceMs},`],
    ['withinMs: parts.withinMs ?? null,', `withinMs: parts.withinMs === undefined ? null : ${patienceMs},`],
  ],
})
