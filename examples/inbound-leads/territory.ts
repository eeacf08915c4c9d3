import { CompanySegment, SalesRegion } from '../../routing/segment/segmentation.ts'
import { defineTerritory } from '../../routing/territory.ts'
import { reps } from './team.ts'

/**
 * Region x segment, complete by type: a combination that is left out does not compile. It seeds live data: later versions are saved over
 * HTTP, and a lead keeps the one that was in force when its run began.
 */
export const territory = defineTerritory('market', {
  dimensions: [
    ['region', SalesRegion],
    ['segment', CompanySegment],
  ],
  destinations: {
    NA: {
      Enterprise: { pool: 'na-enterprise' },
      'Mid-Market': { pool: 'na-commercial' },
      SMB: { pool: 'na-commercial' },
      unknown: { pool: 'na-commercial' },
    },
    EMEA: {
      Enterprise: { pool: 'emea-enterprise' },
      'Mid-Market': { pool: 'emea-commercial' },
      SMB: { pool: 'emea-commercial' },
      unknown: { pool: 'emea-commercial' },
    },
    APAC: { pool: 'apac' },
    LATAM: { person: reps.sofia.id },
    unknown: { pool: 'triage' },
  },
})
