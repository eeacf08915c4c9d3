export type Simplify<Shape> = { [Key in keyof Shape]: Shape[Key] } & {}

/** A compile error that reads as a sentence. */
export interface TypeProblem<Message extends string> {
  readonly problem: Message
}

/** Names of a row's values. */
export type NameOf<Row> = keyof Row & string

/** The part of a row a cell sees: what it reads, null allowed, and what it needs, always present. */
export type Seen<Row, Reads extends keyof Row, Needs extends keyof Row> = Simplify<
  { readonly [Key in Exclude<Reads, Needs>]: Row[Key] } & {
    readonly [Key in Needs]: NonNullable<Row[Key]>
  }
>

/** A value nothing can change: what an object literal is where its literals are kept. */
export type Frozen<Value> = Value extends readonly (infer Each)[]
  ? readonly Frozen<Each>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Frozen<Value[Key]> }
    : Value

/**
 * What a function of a definition may answer for a value of type `Out`. With a `const` type parameter it keeps `'EMEA'` from
 * becoming `string`, which would widen the column; arrays in it are then read-only, and welcome all the same.
 */
export type Answered<Out> = Out | Frozen<Out>

/** The row an input schema gives: an optional field is null when it is missing. */
export type InputRow<Input> = Simplify<{
  [Key in keyof Input]-?: undefined extends Input[Key] ? NonNullable<Input[Key]> | null : Input[Key]
}>

/**
 * When a cell runs, as data, so that a skipped cell can say which value stood against which wish:
 * a value, a list of values, or a test of the value.
 */
export type When<Row> = {
  readonly [Key in keyof Row]?:
    | NonNullable<Row[Key]>
    | readonly NonNullable<Row[Key]>[]
    | ((value: Row[Key]) => boolean)
}
