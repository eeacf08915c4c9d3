/**
 * How long a test waits for what has to come, in milliseconds. It is no statement about speed: only a fault takes that long, on a slow and
 * busy machine too.
 */
export const patienceMs = 90_000
