import type { Task } from './task.ts'

/** Rows in memory, by number and by public id. */
export interface InHand {
  readonly size: number
  get(seq: number): Task | undefined
  byId(id: string): Task | undefined
  has(seq: number): boolean
  values(): Task[]
  add(task: Task): void
  remove(task: Task): void
}

/**
 * A Map that moves to a new table leaves the old one to the garbage collector with all that was in it, and each old one keeps the next
 * alive until a full collection. With rows coming and going by the thousand that would be every row of the last seconds, so the
 * tables hold boxes, and the box of a row that has left is empty.
 */
interface Box {
  task: Task | null
}

export function createInHand(): InHand {
  const bySeq = new Map<number, Box>()
  const byId = new Map<string, Box>()
  return {
    get size() {
      return bySeq.size
    },
    get: (seq) => bySeq.get(seq)?.task ?? undefined,
    byId: (id) => byId.get(id)?.task ?? undefined,
    has: (seq) => bySeq.has(seq),
    values: () => Array.from(bySeq.values()).flatMap(({ task }) => task ?? []),
    add(task) {
      const box = { task }
      bySeq.set(task.row.seq, box)
      byId.set(task.row.id, box)
    },
    remove({ row }) {
      const box = bySeq.get(row.seq)
      if (box === undefined) return
      box.task = null
      bySeq.delete(row.seq)
      byId.delete(row.id)
    },
  }
}
