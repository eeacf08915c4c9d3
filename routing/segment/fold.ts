/** Letters that Unicode does not decompose but people type without their stroke. */
const strokes: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
}

/** Lower case without accents, full-width forms and typographic apostrophes: two spellings of one name become one text. */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f\u200b-\u200f\ufeff]/g, '')
    .replace(/[‘’ʼ`´]/g, "'")
    .replace(/[ßæœøđðþłħı]/g, (letter) => strokes[letter] ?? letter)
    .normalize('NFC')
}

/** The words of a text, folded; punctuation separates. */
export function foldedWords(text: string): string[] {
  return (
    fold(text)
      // U.S.A., S.A. and A/S are one word each.
      .replace(/(?<!\p{L})\p{L}(?:[./]\p{L})+(?:\.|(?!\p{L}))/gu, (initials) => initials.replace(/[./]/g, ''))
      .replace(/'/g, '')
      .replace(/&/g, ' and ')
      .split(/[^\p{L}\p{M}\p{N}]+/u)
      .filter((word) => word !== '')
  )
}
