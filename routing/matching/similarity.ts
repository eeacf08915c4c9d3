import { normalizeCompanyName } from '../company.ts'

/** A name taken apart once, so that it can be compared with hundreds of others. */
interface Profile {
  name: string
  words: readonly Word[]
  pieces: readonly string[]
  numbers: string
}

interface Word {
  text: string
  pieces: readonly string[]
}

/**
 * How alike two company names are, from 0 to 1: 1 when they are the same once legal forms, accents and punctuation are off.
 * Two views are averaged: the words, each against its best partner, so that order does not matter, and the three-letter pieces of
 * the whole, which forgive typing errors. Different numbers ("Studio 54", "Studio 55") are different companies.
 */
export function nameSimilarity(one: string, other: string): number {
  return similarityTo(one)(other)
}

/** The same for one name against many. */
export function similarityTo(name: string): (other: string) => number {
  const profile = profileOf(name)
  return (other) => similarity(profile, profileOf(other))
}

/** Above this only the same name is. */
const nearlySame = 0.99

function similarity(one: Profile, other: Profile): number {
  if (one.name === '' || other.name === '') return 0
  if (one.name === other.name) return 1
  if (one.name.replaceAll(' ', '') === other.name.replaceAll(' ', '')) return nearlySame
  const words = (wordLikeness(one.words, other.words) + wordLikeness(other.words, one.words)) / 2
  const score = (words + dice(one.pieces, other.pieces)) / 2
  return Math.min(nearlySame, one.numbers === other.numbers ? score : score / 2)
}

function profileOf(text: string): Profile {
  const name = normalizeCompanyName(text)
  const words = name.split(' ')
  return {
    name,
    words: words.map((word) => ({ text: word, pieces: piecesOf(word, 2) })),
    pieces: piecesOf(name, 3),
    numbers: words
      .filter((word) => /\d/.test(word))
      .sort()
      .join(' '),
  }
}

/** The average over the letters of `words` of how well their word is met by one of `others`. */
function wordLikeness(words: readonly Word[], others: readonly Word[]): number {
  let met = 0
  let letters = 0
  for (const { text, pieces } of words) {
    let best = 0
    for (const other of others) {
      const alike = other.text === text ? 1 : dice(pieces, other.pieces)
      if (alike > best) best = alike
    }
    met += best * text.length
    letters += text.length
  }
  return met / letters
}

/** Dice's coefficient of two sorted lists of pieces. */
function dice(one: readonly string[], other: readonly string[]): number {
  let shared = 0
  let at = 0
  for (const piece of one) {
    while (at < other.length && (other[at] ?? '') < piece) at += 1
    if (other[at] !== piece) continue
    shared += 1
    at += 1
  }
  return (2 * shared) / (one.length + other.length)
}

/** Overlapping pieces of `length` letters, sorted; the text is padded so that its first and last letters weigh as much as the others. */
function piecesOf(text: string, length: number): string[] {
  const padding = ' '.repeat(length - 1)
  const padded = `${padding}${text}${padding}`
  const pieces: string[] = []
  for (let start = 0; start + length <= padded.length; start += 1)
    pieces.push(padded.slice(start, start + length))
  return pieces.sort()
}
