import type { Comparison } from '../runtime/evaluation/compare.ts'
import type { Report } from '../runtime/evaluation/report.ts'
import type { FieldScore } from '../runtime/evaluation/score.ts'
import type { Evaluation } from './eval.ts'
import { paint, plain, tableText } from './table-text.ts'

const shownRows = 20

/** The evaluation for the terminal. Values of the file reach it without control characters. */
export function evaluationText(evaluation: Evaluation): string {
  const { report, against } = evaluation
  const parts = [head(evaluation), ...reportText(report)]
  if (against !== null) {
    parts.push(title(`Against ${plain(against.name)}`), fieldsText(against.report.fields))
    parts.push(...noAnswerText(against.report), costText(against.report))
    if (against.price === null && against.model !== evaluation.model)
      parts.push('  both are priced as the first one is: --price in,out gives the dollars of the second')
    parts.push(...comparisonText(against.comparison))
  }
  if (evaluation.min !== null) {
    const verdict = evaluation.passed ? paint('green', 'passed') : paint('red', 'failed')
    const { rows } = report.noAnswers
    const without = rows > 0 ? `, and ${rows} rows have no answer (--allow-failures lets them pass)` : ''
    parts.push(
      `${verdict}: the lowest accuracy is ${percent(report.lowest)}, asked for ${percent(evaluation.min)}${without}`,
    )
  }
  return parts.join('\n')
}

function head({ table, column, file, report, model, sandbox, values }: Evaluation): string {
  const lines = [`${paint('bold', `${table}.${column}`)} over ${report.rows} rows of ${plain(file)}`]
  if (model !== null)
    lines.push(`  model       ${plain(model)}${sandbox ? ', the stand-in of the sandbox' : ''}`)
  lines.push(`  from file   ${values.fromFile.join(', ')}`)
  if (values.workedOut.length > 0) lines.push(`  worked out  ${values.workedOut.join(', ')}`)
  if (values.leftEmpty.length > 0) lines.push(`  left empty  ${values.leftEmpty.join(', ')}`)
  return lines.join('\n')
}

function reportText(report: Report): string[] {
  const parts = [title('Accuracy'), fieldsText(report.fields), ...noAnswerText(report)]
  for (const [column, slices] of Object.entries(report.slices))
    parts.push(title(`By ${plain(column)}`), slicesText(slices, Object.keys(report.fields)))
  for (const [field, confusion] of Object.entries(report.confusion))
    parts.push(title(`Confusion${of(field)}: label down, answer across`), confusionText(confusion))
  parts.push(title('Unknown'), unknownText(report.fields))
  parts.push(title('Who decided'), decidedText(report))
  parts.push(...disagreementText(report), ...wrongText(report), title('Cost'), costText(report))
  return parts
}

function fieldsText(fields: Report['fields']): string {
  const headers = ['Field', 'Labelled', 'Right', 'Accuracy', '95 % between', 'Where answered']
  const lines = Object.entries(fields).map(([field, score]) => [
    nameOf(field),
    String(score.labelled),
    String(score.right),
    percent(score.accuracy),
    score.between === null ? '–' : `${bound(score.between[0], 'low')} and ${bound(score.between[1], 'high')}`,
    percent(score.accuracyWhereAnswered),
  ])
  return tableText(headers, lines, [30, 8, 8, 8, 22, 14])
}

function noAnswerText({ noAnswers: { rows, outcomes, lines } }: Report): string[] {
  if (rows === 0) return []
  const counted = Object.entries(outcomes).map(([outcome, count]) => `${plain(outcome)} ${count}`)
  const shown = lines
    .slice(0, shownRows)
    .map(({ line, outcome, reason }) => [String(line), outcome, reason ?? ''])
  const more = rows > shown.length ? [`… and ${rows - shown.length} more; --json has them all`] : []
  return [
    title('No answer'),
    `  ${rows} rows, neither right nor unknown: ${counted.join(', ')}`,
    tableText(['Line', 'Outcome', 'Reason'], shown, [6, 20, 80]),
    ...more,
  ]
}

function slicesText(slices: Record<string, Record<string, FieldScore>>, fields: readonly string[]): string {
  const lines = Object.entries(slices).map(([value, scores]) => [
    value,
    ...fields.map((field) => {
      const score = scores[field]
      return score === undefined ? '–' : `${percent(score.accuracy)} of ${score.labelled}`
    }),
  ])
  return tableText(['Slice', ...fields.map(nameOf)], lines, [30, ...fields.map(() => 24)])
}

function confusionText(confusion: Report['confusion'][string]): string {
  const labels = [...new Set(confusion.map(({ expected }) => expected))]
  const answers = [...new Set([...labels, ...confusion.map(({ answered }) => answered)])]
  if (answers.length > 12) {
    const wrong = confusion.filter(({ expected, answered }) => expected !== answered).slice(0, shownRows)
    const lines = wrong.map(({ expected, answered, rows }) => [expected, answered, String(rows)])
    return tableText(['Label', 'Answer', 'Rows'], lines, [40, 40, 6])
  }
  const lines = labels.map((label) => [
    label,
    ...answers.map((answer) => {
      const cell = confusion.find(({ expected, answered }) => expected === label && answered === answer)
      return cell === undefined ? '·' : String(cell.rows)
    }),
  ])
  return tableText(['', ...answers], lines, [30, ...answers.map(() => 16)])
}

function unknownText(fields: Report['fields']): string {
  const headers = ['Field', 'Unknown', 'Rate', 'Precision', 'Recall', 'Guessed']
  const lines = Object.entries(fields).map(([field, { unknown }]) => [
    nameOf(field),
    String(unknown.answered),
    percent(unknown.rate),
    percent(unknown.precision),
    percent(unknown.recall),
    String(unknown.guessed),
  ])
  return tableText(headers, lines, [30, 8, 8, 9, 8, 8])
}

function decidedText({ decidedBy, outcomes, fields, decidedOtherwise }: Report): string {
  const names = Object.keys(fields)
  const lines = Object.entries(decidedBy).map(([who, { rows, fields: scores }]) => [
    who,
    String(rows),
    ...names.map((field) => percent(scores[field]?.accuracy ?? null)),
  ])
  const counted = Object.entries(outcomes).map(([outcome, rows]) => `${plain(outcome)} ${rows}`)
  const parts = [`  ${counted.join(', ')}`]
  if (lines.length > 0)
    parts.unshift(tableText(['By', 'Rows', ...names.map(nameOf)], lines, [16, 6, ...names.map(() => 16)]))
  for (const { line, expected, decidedBy: who, calls } of decidedOtherwise.slice(0, shownRows))
    parts.push(
      paint('yellow', `  line ${line}: marked for the ${expected}, decided by ${who}, ${calls} calls`),
    )
  return parts.join('\n')
}

function disagreementText({ disagreements }: Report): string[] {
  if (disagreements.length === 0) return []
  const rightOf = (who: string) => disagreements.filter(({ right }) => right === who).length
  const lines = disagreements
    .slice(0, shownRows)
    .map(({ line, field, model, fact, right }) => [String(line), nameOf(field), fact, model, right ?? '–'])
  return [
    title('Where the model contradicted a fact'),
    `  ${disagreements.length} times; by the labels the fact was right ${rightOf('fact')} times, the model ${rightOf('model')}, neither ${rightOf('neither')}`,
    tableText(['Line', 'Field', 'Fact', 'Model', 'Right'], lines, [6, 20, 24, 24, 8]),
  ]
}

function wrongText({ wrong }: Report): string[] {
  if (wrong.length === 0) return []
  const lines = wrong
    .slice(0, shownRows)
    .map((each) => [String(each.line), nameOf(each.field), each.expected, each.answered, each.reason ?? ''])
  const more = wrong.length > shownRows ? [`… and ${wrong.length - shownRows} more; --json has them all`] : []
  const headers = ['Line', 'Field', 'Label', 'Answer', 'Reason']
  return [title('Wrong'), tableText(headers, lines, [6, 20, 24, 24, 80]), ...more]
}

function costText({ cost }: Report): string {
  return [
    `  ${dollars(cost.usd)} in all, ${dollars(cost.usdPerThousand)} for 1,000 rows like these`,
    `  ${cost.calls} calls for ${cost.rowsWithCalls} rows, ${cost.inputTokens} tokens in, ${cost.outputTokens} out`,
    `  p50 ${Math.round(cost.p50Ms)} ms, p95 ${Math.round(cost.p95Ms)} ms a row`,
  ].join('\n')
}

function comparisonText({ fields, differing, usdDifference }: Comparison): string[] {
  const headers = ['Field', 'Both right', 'Only first', 'Only second', 'Neither', 'Difference', 'Chance']
  const lines = Object.entries(fields).map(([field, each]) => [
    nameOf(field),
    String(each.bothRight),
    String(each.onlyFirst),
    String(each.onlySecond),
    String(each.neither),
    each.difference === null ? '–' : `${each.difference > 0 ? '+' : ''}${percent(each.difference)}`,
    each.chance.toFixed(3),
  ])
  const rows = differing
    .slice(0, shownRows)
    .map((each) => [String(each.line), nameOf(each.field), each.expected, each.first, each.second])
  const parts = [
    title('Side by side, on the same rows'),
    tableText(headers, lines, [30, 10, 10, 11, 8, 10, 8]),
    '  chance: how often two equally good ways would be this far apart; under 0.05 it is hardly luck',
    `  the second costs ${usdDifference < 0 ? '−' : '+'}${dollars(Math.abs(usdDifference))}`,
  ]
  if (rows.length === 0) return [...parts, '  they answered every row alike']
  const more = differing.length > rows.length ? [`… and ${differing.length - rows.length} more`] : []
  return [
    ...parts,
    '',
    tableText(['Line', 'Field', 'Label', 'First', 'Second'], rows, [6, 20, 24, 24, 24]),
    ...more,
  ]
}

const title = (text: string) => `\n${paint('bold', text)}\n`
const nameOf = (field: string) => (field === '' ? '(answer)' : field)
const of = (field: string) => (field === '' ? '' : ` of ${plain(field)}`)
/** Never rounded up to 100: one wrong row in ten thousand is to be seen. */
const percent = (share: number | null) =>
  share === null ? '–' : `${(share === 1 ? 100 : Math.min(99.9, share * 100)).toFixed(1)} %`
/** An interval is never made smaller by rounding. */
const bound = (share: number, end: 'low' | 'high') => {
  const tenths = share * 1000
  // What is off by less than a billionth is a matter of floating point.
  const rounded = end === 'low' ? Math.floor(tenths + 1e-9) : Math.ceil(tenths - 1e-9)
  return `${(rounded / 10).toFixed(1)} %`
}
const dollars = (usd: number) => `$${usd.toFixed(usd !== 0 && usd < 0.01 ? 6 : 4)}`
