import countries from 'i18n-iso-countries'
import { describe, expect, test } from 'vitest'
import { countryCodes } from '../../../routing/segment/countries.ts'
import { countryOfDomain } from '../../../routing/segment/domain-region.ts'
import { findHeadquarters } from '../../../routing/segment/headquarters.ts'
import { regionByCountry } from '../../../routing/segment/regions.ts'

const regionOf = (code: string) => regionByCountry.get(code) ?? 'unknown'

describe('the table of regions', () => {
  test('has every one of the 249 ISO 3166-1 countries, and Kosovo', () => {
    const codes = Object.keys(countries.getAlpha2Codes())
    expect(codes.filter((code) => !regionByCountry.has(code))).toEqual([])
    expect(regionByCountry.size).toBe(250)
  })

  test('follows the policy at its borders', () => {
    const expected = {
      US: 'NA',
      CA: 'NA',
      MX: 'LATAM',
      CU: 'LATAM',
      PR: 'LATAM',
      BR: 'LATAM',
      TR: 'EMEA',
      IL: 'EMEA',
      IR: 'EMEA',
    }
    const more = {
      RU: 'EMEA',
      ZA: 'EMEA',
      GE: 'EMEA',
      KZ: 'APAC',
      IN: 'APAC',
      AU: 'APAC',
      PK: 'APAC',
      AQ: 'unknown',
    }
    for (const [code, region] of Object.entries({ ...expected, ...more })) {
      expect([code, regionOf(code)]).toEqual([code, region])
    }
  })
})

describe('a country', () => {
  test.each([
    ['U.S.A.', 'US'],
    ['United States of America', 'US'],
    ['great  britain', 'GB'],
    ['England', 'GB'],
    ['Deutschland', 'DE'],
    ['DEU', 'DE'],
    ['276', 'DE'],
    ['de', 'DE'],
    ['Ｇｅｒｍａｎｙ', 'DE'],
    ['Türkiye', 'TR'],
    ['Viet Nam', 'VN'],
    ['Holland', 'NL'],
    ['Côte d’Ivoire', 'CI'],
    ['The Republic of Moldova', 'MD'],
    ['Россия', 'RU'],
    ['日本', 'JP'],
    ['대한민국', 'KR'],
    ['🇫🇷', 'FR'],
  ])('is known as %s', (text, code) => {
    expect(countryCodes(text)).toEqual([code])
  })

  test('that is ambiguous gives every candidate', () => {
    expect(countryCodes('Congo').sort()).toEqual(['CD', 'CG'])
    expect(countryCodes('Korea').sort()).toEqual(['KP', 'KR'])
    expect(countryCodes('Atlantis')).toEqual([])
  })

  test('is found by each of its English names and codes', () => {
    for (const [code, names] of Object.entries(countries.getNames('en', { select: 'all' }))) {
      for (const name of [...names, code, countries.alpha2ToAlpha3(code) ?? code]) {
        expect([name, countryCodes(name)]).toEqual([name, expect.arrayContaining([code])])
      }
    }
  })
})

describe('headquarters', () => {
  test.each([
    ['Atlanta, Georgia', 'NA'],
    ['Tbilisi, Georgia', 'EMEA'],
    ['Cambridge, MA', 'NA'],
    ['Cambridge, UK', 'EMEA'],
    ['London, Ontario', 'NA'],
    ['Paris, TX', 'NA'],
    ['Frankfurt, DE', 'EMEA'],
    ['Frankfurt, Germany (DE)', 'EMEA'],
    ['Bangalore, IN', 'APAC'],
    ['Twin Falls, ID', 'NA'],
    ['austin, tx', 'NA'],
    ['us', 'NA'],
    ['日本', 'APAC'],
    ['San José, Costa Rica', 'LATAM'],
    ['336 Forest Ave Amsterdam, NY 12010', 'NA'],
    ['120 Washington Street, Dublin', 'EMEA'],
    ['Borough High Street, SE1 1NP', 'EMEA'],
    ['Berlin 🇩🇪', 'EMEA'],
    ['New York, Singapore', 'NA'],
    ['Remote, EU', 'EMEA'],
  ])('in %s are in %s', (text, region) => {
    expect(findHeadquarters(text, regionOf)?.region).toBe(region)
  })

  test.each([
    ['Offices in Austin, TX and London (HQ)', 'EMEA'],
    ['Headquarters: London; offices in Austin, TX, Tokyo and Lima', 'EMEA'],
    ['Sydney, Austin, Berlin. About 14 of us work out of our Chicago headquarters.', 'NA'],
    ['Seattle, WA - Headquarters. Also Paris and Tokyo', 'NA'],
    ['The company is based in Oakland, CA, with people in Brazil, India and Spain', 'NA'],
  ])('marked as such are preferred in %s', (text, region) => {
    expect(findHeadquarters(text, regionOf)?.region).toBe(region)
  })

  test.each([
    '',
    'Georgia',
    'Cambridge',
    'la',
    'remote, no offices',
    'The internet.',
    'Boston, Berlin, Tokyo',
    '100% Remote',
  ])('stay unknown for "%s"', (text) => {
    expect(findHeadquarters(text, regionOf)).toBeNull()
  })
})

describe('the ending of a domain', () => {
  test.each([
    ['acme.co.uk', 'GB'],
    ['acme.com.br', 'BR'],
    ['acme.de', 'DE'],
    ['пример.рф', 'RU'],
    ['xn--e1afmkfd.xn--p1ai', 'RU'],
    ['unal.edu.co', 'CO'],
    ['acme.eu', 'EU'],
    ['acme.asia', 'ASIA'],
  ])('%s stands for %s', (domain, country) => {
    expect(countryOfDomain(domain)).toBe(country)
  })

  test.each(
    'acme.com acme.org acme.io acme.co acme.ai acme.me acme.tv web.de yahoo.co.uk qq.com localhost co.uk'.split(
      ' ',
    ),
  )('%s says nothing', (domain) => {
    expect(countryOfDomain(domain)).toBeNull()
  })
})
