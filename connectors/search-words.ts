/** Words that stand in thousands of company names and tell none apart. */
const common = new Set(
  [
    'the and und et of de la der die das for inc corp corporation company co ltd limited llc llp plc gmbh ag kg se sa sas sarl srl spa',
    'bv nv ab as oy oyj aps pty pvt group holding holdings international global solutions services systems technologies',
  ]
    .join(' ')
    .split(' '),
)

/**
 * The words of a company name worth asking a CRM for, as they are written, at most four, the longest first. Common words are asked
 * for only when there is nothing else.
 */
export function searchWords(name: string): string[] {
  const words = name
    .normalize('NFC')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '')
  const telling = words.filter(
    (word) => !common.has(word.toLowerCase()) && (word.length > 1 || words.length === 1),
  )
  const chosen = telling.length > 0 ? telling : words
  return [...new Set(chosen)].sort((a, b) => b.length - a.length).slice(0, 4)
}
