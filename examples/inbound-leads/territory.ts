import { CompanySegment, SalesRegion } from '../../routing/segment/segmentation.ts'
import { defineTerritory } from '../../routing/territory.ts'
import { reps } from './team.ts'

const triage = { pool: 'triage' }
const emea = { pool: 'emea-commercial' }
const america = { pool: 'na-commercial' }
const apac = { pool: 'apac' }
const latam = { person: reps.sofia.id }

/** Region x segment, complete by type: a combination that is left out does not compile. */
export const territory = defineTerritory(
  { region: SalesRegion, segment: CompanySegment },
  {
    NA: { Enterprise: { pool: 'na-enterprise' }, 'Mid-Market': america, SMB: america, unknown: america },
    EMEA: { Enterprise: { pool: 'emea-enterprise' }, 'Mid-Market': emea, SMB: emea, unknown: emea },
    APAC: { Enterprise: apac, 'Mid-Market': apac, SMB: apac, unknown: apac },
    LATAM: { Enterprise: latam, 'Mid-Market': latam, SMB: latam, unknown: latam },
    unknown: { Enterprise: triage, 'Mid-Market': triage, SMB: triage, unknown: triage },
  },
)
