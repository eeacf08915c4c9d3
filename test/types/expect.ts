/** Compiles only for `true`. */
export type Expect<Claim extends true> = Claim

/** Exact equality of types: `any`, optional and readonly count. */
export type Equal<Left, Right> =
  (<Probe>() => Probe extends Left ? 1 : 2) extends <Probe>() => Probe extends Right ? 1 : 2 ? true : false
