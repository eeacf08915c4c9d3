import { CallFailure } from '../../../columns/errors.ts'
import { salesforce } from '../../../connectors/salesforce.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { callOf } from './setup.ts'

/** Run by process.test.ts in a process of its own: reads a lead until an answer comes whole, and prints what became of each attempt. */
const crm = salesforce({ loginUrl: process.argv[2] ?? '', clientId: 'rota', clientSecret: 'secret' })
for (let attempt = 0; attempt < 10; attempt += 1) {
  try {
    await crm.readRecord({ type: 'Lead', id: idOf('Lead', 1) }, callOf())
    console.log('read')
    break
  } catch (error) {
    console.log(CallFailure.isInstance(error) ? error.kind : String(error))
  }
}
