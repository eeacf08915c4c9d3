import { z } from 'zod'
import { buildColumn } from '../../columns/build.ts'
import { type Column, done } from '../../columns/column.ts'

/** Points for how a lead came in. */
export function intentScore<Row extends { source: string | null }>(
  points: Record<string, number>,
): Column<Row, number> {
  return buildColumn<Row, number>({
    kind: 'intent-score',
    needs: ['source'],
    output: z.number(),
    versionOf: [points],
    work: {
      effect: 'none',
      run: ({ source }) => done(points[String(source)] ?? 0, { reason: `it came from "${source}"` }),
    },
  })
}
