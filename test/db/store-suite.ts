import { describe } from 'vitest'
import { answerSuite } from './suite/answers.ts'
import { auditSuite } from './suite/audit.ts'
import { balanceSuite } from './suite/balances.ts'
import type { StoreUnderTest } from './suite/bench.ts'
import { claimSuite } from './suite/claims.ts'
import { clockSuite } from './suite/clocks.ts'
import { creditSuite } from './suite/credits.ts'
import { editSuite } from './suite/edits.ts'
import { feedSuite } from './suite/feed.ts'
import { groupCommitSuite } from './suite/group-commit.ts'
import { insertSuite } from './suite/inserts.ts'
import { liveDataSuite } from './suite/live-data.ts'
import { liveEditsSuite } from './suite/live-edits.ts'
import { loadSuite } from './suite/loads.ts'
import { purseSuite } from './suite/purses.ts'
import { querySuite } from './suite/queries.ts'
import { rotationSuite } from './suite/rotation.ts'
import { runSuite } from './suite/runs.ts'
import { stepSuite } from './suite/steps.ts'

/** What every store must do, whatever database is under it. A second one joins by calling this with its own way to open. */
export function storeSuite(name: string, under: StoreUnderTest): void {
  describe(`a ${name} store`, () => {
    insertSuite(under)
    stepSuite(under)
    groupCommitSuite(under)
    rotationSuite(under)
    balanceSuite(under)
    claimSuite(under)
    creditSuite(under)
    loadSuite(under)
    liveDataSuite(under)
    liveEditsSuite(under)
    auditSuite(under)
    clockSuite(under)
    answerSuite(under)
    purseSuite(under)
    querySuite(under)
    editSuite(under)
    runSuite(under)
    feedSuite(under)
  })
}
