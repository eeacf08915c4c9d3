import { describe, expect, test } from 'vitest'
import { holdsNumber, holdsSpelledNumber } from '../../../routing/segment/number-words.ts'

describe('a number', () => {
  test.each([
    'about two hundred',
    'a dozen of us',
    'a one-man business',
    'zweihundertfünfzig Mitarbeiter',
    'Wir sind zu dreizehnt, dreizehn Leute',
    'rund dreißig Kolleginnen',
    'une soixantaine de salariés',
    'plus de deux mille personnes',
    'trescientos empleados',
    'somos dieciséis',
    '٢٠٠ موظف',
    '२५० कर्मचारी',
    '社員は二百人です',
  ])('is spelled in "%s"', (text) => {
    expect([holdsSpelledNumber(text), holdsNumber(text)]).toEqual([true, true])
  })

  test.each(['40 people', '２００', 'founded 1999'])('is written in "%s"', (text) => {
    expect([holdsSpelledNumber(text), holdsNumber(text)]).toEqual([false, true])
  })

  test.each([
    '',
    'We make software that people love.',
    'One of the leading firms, once small',
    'Ein Betrieb für eine Stadt',
    'une entreprise dans un village',
    'a handful, growing fast',
    '0 employees',
    'many, several, some',
  ])('is not in "%s"', (text) => {
    expect(holdsNumber(text)).toBe(false)
  })
})
