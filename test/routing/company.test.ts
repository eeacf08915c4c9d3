import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountKey, companyDomain, isMailProvider, normalizeCompanyName } from '../../routing/company.ts'

const ofWebsite = (website: string) => companyDomain({ website })

describe('the domain of a company', () => {
  test.each([
    ['https://www.Acme.co.uk./about?x=1#top', 'acme.co.uk'],
    ['ACME.COM', 'acme.com'],
    ['//shop.acme.com.br:8080/', 'acme.com.br'],
    ['jane.doe@mail.acme.io', 'acme.io'],
    ['mailto:jo@acme.io?subject=hi', 'acme.io'],
    ['https://user:secret@acme.de/', 'acme.de'],
    ['http://acme.com@evil.example.com.mx', 'example.com.mx'],
    ['http://münchen.de', 'xn--mnchen-3ya.de'],
    ['XN--MNCHEN-3YA.de', 'xn--mnchen-3ya.de'],
    ['ａｃｍｅ。com', 'acme.com'],
    ['acme.github.io', 'acme.github.io'],
    ['blogspot.com', 'blogspot.com'],
    ['Website: acme.com, acme.de', 'acme.com'],
    ['<https://acme.com/>', 'acme.com'],
  ])('is found in %s', (website, domain) => {
    expect(ofWebsite(website)).toBe(domain)
  })

  test.each(
    [
      ...[
        '',
        '   ',
        'acme',
        'n/a',
        '-',
        'localhost',
        'acme.local',
        '192.168.0.1',
        'http://[::1]/',
        'co.uk',
        'ac.uk',
        '@',
      ],
      ...[
        'https://www.linkedin.com/company/acme',
        'facebook.com/acme',
        `${'a'.repeat(5000)}.com`,
        '….com',
        'http://',
      ],
    ].map((text) => [text.slice(0, 60), text]),
  )('is not guessed from %s', (_, website) => {
    expect(ofWebsite(website)).toBeNull()
  })

  test('is never that of a free, disposable or access provider mailbox', () => {
    const providers =
      'gmail.com web.de qq.com yahoo.co.uk yahoo.co.id hotmail.no icloud.com mailinator.com yopmail.com duck.com t-online.de'
    for (const provider of providers.split(' ')) {
      expect([provider, isMailProvider(provider)]).toEqual([provider, true])
      expect(companyDomain({ email: `jo@${provider}` })).toBeNull()
      expect(companyDomain({ email: `jo@${provider}`, website: 'acme.com' })).toBe('acme.com')
    }
    expect(isMailProvider('acme.com')).toBe(false)
  })

  test('is that of the e-mail where both are known, for people keep pasting the website of their last job', () => {
    expect(companyDomain({ email: 'Jane Doe <jane@New.Example.com.au>', website: 'old.com' })).toBe(
      'example.com.au',
    )
    expect(companyDomain({ email: 'not an address', website: 'old.com' })).toBe('old.com')
    expect(companyDomain({})).toBeNull()
  })

  test('is the name and its public suffix in lower case, whatever stands around them', () => {
    const before = fc.constantFrom(
      '',
      'www.',
      'http://',
      '//eu.shop.',
      'HTTPS://WWW.',
      'jo@',
      'mailto:jo@mail.',
    )
    const after = fc.constantFrom(
      '',
      '.',
      '/',
      ':8443/a',
      '/About?x=B@c.de#Top',
      '?q=other.org',
      ', other.org',
    )
    // The digits keep it from being a mailbox provider or a shared site.
    const name = fc.stringMatching(/^[A-Za-z]{1,8}[0-9]{3}(-[A-Za-z]{1,8})?$/)
    const suffix = fc.constantFrom('com', 'COM', 'de', 'io', 'co.uk', 'com.br', 'Com.Au', 'example')
    fc.assert(
      fc.property(before, name, suffix, after, (start, label, ending, rest) => {
        expect(ofWebsite(`${start}${label}.${ending}${rest}`)).toBe(`${label}.${ending}`.toLowerCase())
      }),
    )
  })

  test('is null or a lower-case name with a dot that stands in the text, for any parts of addresses', () => {
    const label = fc.stringMatching(/^[A-Za-z0-9]{1,6}$/)
    const mark = fc.constantFrom('.', '.', '-', '@', '/', ' ', ':', '?', '//', 'http://')
    const suffix = fc.constantFrom('.com', '.DE', '.co.uk', '.github.io', '.local')
    const parts = fc.array(fc.oneof(label, mark, suffix), { minLength: 1, maxLength: 8 })
    let [found, missing] = [0, 0]
    fc.assert(
      fc.property(parts, (each) => {
        const text = each.join('')
        const domain = ofWebsite(text)
        if (domain === null) missing += 1
        else {
          found += 1
          expect(domain).toMatch(/^[^A-Z\s/@:?]+\.[^A-Z\s/@:?]+$/)
          expect(text.toLowerCase()).toContain(domain)
        }
      }),
      { numRuns: 300 },
    )
    expect(found).toBeGreaterThan(0)
    expect(missing).toBeGreaterThan(0)
  })

  test('is looked for in any text at all without an error', () => {
    const point = fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0x10ffff }))
    const unit = point.map((code) => String.fromCodePoint(code))
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
        expect(() => ofWebsite(text)).not.toThrow()
      }),
    )
  })
})

describe('the name of a company', () => {
  test.each([
    ['Acme, Inc.', 'acme'],
    ['ACME GmbH & Co. KG', 'acme'],
    ['Müller & Söhne GmbH', 'muller and sohne'],
    ['Acme S.A. de C.V.', 'acme'],
    ['Acme Sp. z o.o.', 'acme'],
    ['Novo Nordisk A/S', 'novo nordisk'],
    ['Booking.com B.V.', 'booking com'],
    ['The Coca-Cola Company', 'coca cola'],
    ['株式会社トヨタ', 'トヨタ'],
    ['トヨタ株式会社', 'トヨタ'],
    ['ООО «Ромашка»', 'ромашка'],
    ['L’Oréal S.A.', 'loreal'],
    ['Straße AG', 'strasse'],
    ['Ａｃｍｅ', 'acme'],
    ['Limited', 'limited'],
    ['🙂', ''],
  ])('%s is the key "%s"', (name, key) => {
    expect(normalizeCompanyName(name)).toBe(key)
  })

  test('does not change when it is normalised again', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Acme', 'Müller', 'Big Data', 'Øresund'),
        fc.constantFrom('Inc.', 'GmbH', 'Oy', 'S.p.A.'),
        (name, form) => {
          const key = normalizeCompanyName(`${name} ${form}`)
          expect(normalizeCompanyName(key)).toBe(key)
          expect(key).toBe(normalizeCompanyName(name))
        },
      ),
    )
  })
})

describe('the account key', () => {
  test('is the domain, then the name, then nothing', () => {
    expect(accountKey({ company: 'Acme Inc', email: 'jo@acme.com' })).toBe('acme.com')
    expect(accountKey({ company: 'Acme Inc', email: 'jo@gmail.com' })).toBe('name:acme')
    expect(accountKey({ company: null, email: 'jo@gmail.com' })).toBeNull()
  })

  test('is never shared by strangers who leave the company blank in their own words', () => {
    for (const company of ['N/A', 'none', 'Self-employed', 'Freelance', 'TEST', '-', 'keine', 'Unknown']) {
      expect([company, accountKey({ company })]).toEqual([company, null])
    }
  })
})
