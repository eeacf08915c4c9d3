import type { Log } from '../../runtime/engine.ts'

export interface LogLine {
  level: 'info' | 'warn' | 'error'
  fields: object
  message: string
}

/** A log that keeps its lines, so that a test can read them and the terminal stays quiet. */
export function quietLog(): Log & { lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: LogLine['level']) => (fields: object, message: string) =>
    void lines.push({ level, fields, message })
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}
