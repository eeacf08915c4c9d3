import { covers } from './conditions.ts'

interface Shadowing {
  name: string
  when?: object
  always?: boolean
}

/**
 * The first rule that can never be reached, with the one that stands before it: a rule that always answers takes everything that passes
 * its condition. Null when each can be reached, as far as conditions are data (trap 65).
 */
export function findShadowed<Each extends Shadowing>(
  rules: readonly Each[],
): { rule: Each; by: Each } | null {
  for (const [index, rule] of rules.entries()) {
    const by = rules.slice(0, index).find((each) => each.always === true && covers(each.when, rule.when))
    if (by !== undefined) return { rule, by }
  }
  return null
}
