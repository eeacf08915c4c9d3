import { CallFailure } from '../errors.ts'
import type { JsonObject } from '../json.ts'

/**
 * How a useAi cell came to what it holds: `detail.outcome` is one of these, always. The first five hold an answer of the rule or the
 * model; behind every other stands what the facts alone say. docs/use-ai.md tells each of them.
 */
export const aiOutcomes = [
  'answered-by-rule',
  'answered-by-model',
  'repaired',
  'overruled',
  'cached',
  'refused',
  'cut-off',
  'filtered',
  'empty',
  'not-json',
  'duplicate-keys',
  'schema-violation',
  'wrong-citation',
  'too-large',
  'html',
  'rate-limited',
  'quota-exhausted',
  'budget-exhausted',
  'unauthorized',
  'unknown-model',
  'invalid-request',
  'unavailable',
  'timeout',
] as const
export type AiOutcome = (typeof aiOutcomes)[number]

/** What a server sent where an answer was due. */
export type ModelTrouble = 'html' | 'too-large' | 'not-json' | 'empty'

const marker = Symbol.for('rota.ModelFailure')

/** An answer that came and cannot be read. It may have been billed all the same. */
export class ModelFailure extends CallFailure {
  readonly [marker] = true
  readonly trouble: ModelTrouble

  constructor(trouble: ModelTrouble, message: string, options: { retryable: boolean; cause?: unknown }) {
    super('invalid-output', message, options)
    this.name = 'ModelFailure'
    this.trouble = trouble
  }

  static override isInstance(error: unknown): error is ModelFailure {
    return typeof error === 'object' && error !== null && marker in error
  }
}

const repairMarker = Symbol.for('rota.RepairFailure')

/** Asking again failed, for the reason of `failed`. Not tried once more, so that a run of a cell makes at most one repair. */
export class RepairFailure extends CallFailure {
  readonly [repairMarker] = true
  readonly failed: CallFailure
  /** What was said before. */
  readonly answers: readonly JsonObject[]

  constructor(
    failed: CallFailure,
    { problem, answers }: { problem: string; answers: readonly JsonObject[] },
  ) {
    super(failed.kind, `${problem}; asking again failed: ${failed.message}`, {
      retryable: false,
      outcomeUnknown: failed.outcomeUnknown,
      cause: failed,
    })
    this.name = 'RepairFailure'
    this.failed = failed
    this.answers = answers
  }

  static override isInstance(error: unknown): error is RepairFailure {
    return typeof error === 'object' && error !== null && repairMarker in error
  }
}

/** The outcome a failed call is shown as. Null for a bug in the definition, which no stand-in may hide. */
export function outcomeOfFailure(failure: CallFailure): AiOutcome | null {
  if (RepairFailure.isInstance(failure)) return outcomeOfFailure(failure.failed)
  if (ModelFailure.isInstance(failure)) return failure.trouble
  switch (failure.kind) {
    case 'invalid-output':
      // What may work later was said by the server, at an attempt that the runtime tells of by its kind alone. What may not is a value of
      // the definition that its own schema refuses.
      return failure.retryable ? 'not-json' : null
    case 'not-found':
      return 'unknown-model'
    case 'needs-credentials':
      return 'unauthorized'
    case 'inactive-owner':
    case 'crashed':
      return null
    default:
      return failure.kind
  }
}

/** Whether a failed call may stand on the bill: a server that said no has not worked, one whose answer was lost perhaps has. */
export function maybeBilled(error: unknown): boolean {
  if (!CallFailure.isInstance(error)) return true
  return error.outcomeUnknown || error.kind === 'timeout' || error.kind === 'invalid-output'
}
