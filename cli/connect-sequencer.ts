import type { Sequencer } from '../columns/ports.ts'
import { apolloSequences } from '../connectors/apollo.ts'
import { outreach } from '../connectors/outreach.ts'
import { salesloft } from '../connectors/salesloft.ts'
import { keptFile } from './kept-file.ts'
import { paceOf } from './pace.ts'
import type { Settings } from './settings.ts'

/** A sequencer that is no part of the CRM: the variables it needs, and what is made of them. */
export interface OwnSequencer {
  variables: readonly (keyof Settings)[]
  make(): Sequencer
}

/** What `ROTA_SEQUENCER` names, null where the CRM's own sequences are meant. */
export function ownSequencer(settings: Settings): OwnSequencer | null {
  const pace = paceOf(settings)
  switch (settings.ROTA_SEQUENCER) {
    case 'salesloft': {
      const { SALESLOFT_API_KEY: apiKey = '', SALESLOFT_BASE_URL: baseUrl } = settings
      return {
        variables: ['SALESLOFT_API_KEY'],
        make: () => salesloft({ apiKey, ...pace, ...(baseUrl !== undefined && { baseUrl }) }),
      }
    }
    case 'outreach': {
      const {
        OUTREACH_CLIENT_ID: clientId = '',
        OUTREACH_CLIENT_SECRET: clientSecret = '',
        OUTREACH_REFRESH_TOKEN: refreshToken = '',
        OUTREACH_REFRESH_TOKEN_FILE: file,
        OUTREACH_BASE_URL: baseUrl,
      } = settings
      return {
        variables: ['OUTREACH_CLIENT_ID', 'OUTREACH_CLIENT_SECRET', 'OUTREACH_REFRESH_TOKEN'],
        make: () =>
          outreach({
            clientId,
            clientSecret,
            refreshToken,
            ...(file !== undefined && { kept: keptFile(file) }),
            ...pace,
            ...(baseUrl !== undefined && { baseUrl }),
          }),
      }
    }
    case 'apollo': {
      const { APOLLO_API_KEY: apiKey = '', APOLLO_BASE_URL: baseUrl } = settings
      return {
        variables: ['APOLLO_API_KEY'],
        make: () => apolloSequences({ apiKey, ...pace, ...(baseUrl !== undefined && { baseUrl }) }),
      }
    }
    case undefined:
      return null
  }
}
