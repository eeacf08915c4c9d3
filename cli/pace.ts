import type { Limits } from '../connectors/limits.ts'
import type { Settings } from './settings.ts'

/** The stand-ins have no account that could be overdrawn: nothing waits there for what a vendor allows in a second. */
export const paceOf = ({ ROTA_SANDBOX: sandbox }: Settings): { limits?: Limits } =>
  sandbox === false ? {} : { limits: { perSecond: 100_000, burst: 100_000 } }
