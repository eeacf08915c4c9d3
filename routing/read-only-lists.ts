/** A document whose lists may be read-only, all the way down: so that a constant is taken as well. */
export type ReadOnlyLists<Value> = Value extends readonly (infer Item)[]
  ? readonly ReadOnlyLists<Item>[]
  : Value extends object
    ? { [Key in keyof Value]: ReadOnlyLists<Value[Key]> }
    : Value
