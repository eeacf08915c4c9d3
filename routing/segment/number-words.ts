import { foldedWords } from './fold.ts'

/** Words for numbers from two on, folded. "one", "ein" and "un" are articles as well, and say no size by themselves. */
const words = new Set(
  [
    'two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
    'twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million dozen dozens',
    'zwei drei vier funf sechs sieben acht neun zehn elf zwolf dutzend million millionen',
    'deux trois quatre cinq sept huit neuf dix onze douze treize quatorze quinze seize vingt trente quarante cinquante soixante',
    'cent cents mille million millions dizaine dizaines douzaine quinzaine vingtaine trentaine quarantaine cinquantaine soixantaine',
    'centaine centaines millier milliers',
    'dos tres cuatro cinco seis siete ocho nueve diez doce trece catorce quince veinte treinta cuarenta cincuenta sesenta setenta',
    'ochenta noventa cien ciento cientos mil miles millon millones decena decenas docena docenas centenar centenares millar millares',
  ]
    .join(' ')
    .split(' '),
)
/** German and Spanish write many numbers in one word: zweihundertfünfzig, dieciséis, trescientos. */
const compound =
  /^(?:\p{L}*(?:hundert|tausend)\p{L}*|\p{L}*(?:zig|dreissig)|\p{L}{3,}zehn|dieci\p{L}+|veinti\p{L}+|(?:dos|tres|cuatro|seis|ocho)cient[oa]s|quinient[oa]s|setecient[oa]s|novecient[oa]s)$/u
/** Words that mean something else in another of these languages count only before people. */
const beforePeople =
  /\b(?:one|once|six|eine?)[ -](?:wo)?(?:man|person|people|employees?|staff|personas|personne|empleados|trabajadores|mann|frau|salaries)\b/u
/** Chinese and Japanese count people with a sign of their own. */
const counted = /[〇一二三四五六七八九十百千万]+(?:余|多)?(?:人|名|位)/u

/** Whether a text holds a number above zero, in digits of any script or in English, German, French or Spanish words. */
export function holdsNumber(text: string): boolean {
  return /[1-9]/.test(text.normalize('NFKC')) || holdsSpelledNumber(text)
}

/** The same for numbers that no reader of plain digits sees. */
export function holdsSpelledNumber(text: string): boolean {
  if (/(?![0-9\uff10-\uff19])\p{Nd}/u.test(text) || counted.test(text)) return true
  const folded = foldedWords(text)
  return folded.some((word) => words.has(word) || compound.test(word)) || beforePeople.test(folded.join(' '))
}
