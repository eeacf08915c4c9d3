/** Something that keeps a territory from being saved: the place in the document, what is wrong with the way out, and the value. */
export interface Problem {
  path: (string | number)[]
  message: string
  value: unknown
}
