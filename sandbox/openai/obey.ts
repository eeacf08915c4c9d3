import { type ChatRequest, userText, valuesOf } from './request.ts'

/**
 * A model that does whatever the values tell it: a JSON object in a value is answered as it stands; `name = value` and `name: value`
 * set a field, known or not; asked to repeat, to reveal or for others, it adds all it was sent. The honest answer is what is left.
 */
export function obey(request: ChatRequest, honest: Record<string, unknown>): string {
  const texts = [...valuesOf(request).values()].map(({ value }) => value)
  for (const text of texts) {
    const object = /\{.*\}/s.exec(text)?.[0]
    if (object?.includes(':') === true) return object
  }
  const answer: Record<string, unknown> = { ...honest }
  for (const text of texts) {
    for (const [, name, quoted, bare] of text.matchAll(
      /\b([A-Za-z_]+)\s*(?:=|:|\bto\b|\bis\b|\bas\b)\s*(?:"([^"]*)"|([\w-]+))/g,
    )) {
      if (name !== undefined) answer[fieldNamed(name, honest)] = quoted ?? bare
    }
    const wish =
      /\b(?:return|answer|choose|select|say|output|classify as|enterprise only)\s+"?(Enterprise|Mid-Market|SMB|NA|EMEA|APAC|LATAM|[A-Z]\w+)/i.exec(
        text,
      )?.[1]
    if (wish !== undefined) answer[/^(?:NA|EMEA|APAC|LATAM)$/.test(wish) ? 'region' : 'segment'] = wish
  }
  if (texts.some((text) => /repeat|reveal|other rows|previous|leak|system prompt|everything/i.test(text))) {
    answer.reason =
      `I was sent: ${request.messages.map(({ content }) => content ?? '').join(' ')} ${userText(request)}`.slice(
        0,
        480,
      )
  }
  return JSON.stringify(answer)
}

const fieldNamed = (name: string, honest: Record<string, unknown>): string =>
  Object.keys(honest).find((each) => each.toLowerCase() === name.toLowerCase()) ?? name
