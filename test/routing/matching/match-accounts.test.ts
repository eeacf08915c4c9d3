import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CompanyFacts, MatchableAccount } from '../../../routing/matching/account-match.ts'
import { matchAccounts } from '../../../routing/matching/match-accounts.ts'
import type { Found, Source } from '../../../routing/matching/score.ts'

const owner = (id: string, over: Partial<NonNullable<MatchableAccount['owner']>> = {}) => ({
  id,
  name: id,
  active: true,
  kind: 'person' as const,
  ...over,
})
const account = (id: string, over: Partial<MatchableAccount> = {}): MatchableAccount => ({
  id,
  name: `Account ${id}`,
  domain: 'acme.com',
  aliases: [],
  relationship: 'prospect',
  owner: owner('ana'),
  parent: null,
  mergedInto: null,
  lastActivityAt: null,
  createdAt: '2025-01-01T00:00:00Z',
  ...over,
})
const facts = (over: Partial<CompanyFacts> = {}): CompanyFacts => ({
  accountId: null,
  emailDomain: 'acme.com',
  domain: 'acme.com',
  name: 'Acme',
  ...over,
})
const found = (source: Source, ...accounts: MatchableAccount[]): Found<MatchableAccount>[] =>
  accounts.map((each) => ({ source, account: each }))

describe('matching accounts', () => {
  test('goes from the account id over contact, domain and further domain to the name, and keeps score and reason (trap 39)', () => {
    const all = [
      ...found('name', account('name', { name: 'ACME, Inc.', domain: null })),
      ...found('domain', account('alias', { domain: 'acme.de', aliases: ['acme.com'] })),
    ]
    const byAlias = matchAccounts(all, facts())
    expect(byAlias).toMatchObject({
      state: 'certain',
      account: { id: 'alias' },
      match: { by: 'alias-domain', score: 0.96 },
    })
    expect(byAlias.match?.reason).toContain('acme.com is a further domain of it')
    expect(byAlias.compared.map(({ id, by }) => [id, by])).toEqual([
      ['alias', 'alias-domain'],
      ['name', 'name'],
    ])
    expect(matchAccounts(found('name', account('name', { name: 'ACME, Inc.' })), facts())).toMatchObject({
      match: { by: 'name', score: 0.95, review: null, candidates: [{ id: 'name', owner: 'ana' }] },
    })
    expect(
      matchAccounts([...all, ...found('account-id', account('given', { domain: 'x.com' }))], facts()),
    ).toMatchObject({
      account: { id: 'given' },
      match: { by: 'account-id', score: 1 },
    })
  })

  test('breaks ties by the one order over all accounts of contact and domain (trap 40)', () => {
    const all = [
      ...found('contact', account('contact')),
      ...found(
        'domain',
        account('customer', { relationship: 'customer' }),
        account('open', { relationship: 'open-opportunity' }),
      ),
    ]
    for (const given of [all, all.toReversed()]) {
      expect(matchAccounts(given, facts())).toMatchObject({
        account: { id: 'open' },
        match: { tieBreak: 'open opportunity before customer before prospect' },
      })
    }
  })

  test('asks a person when nothing but the id tells the accounts of two owners apart (trap 40)', () => {
    const tied = found('domain', account('a'), account('b', { owner: owner('bo') }))
    const result = matchAccounts(tied, facts())
    expect(result).toMatchObject({
      state: 'review',
      match: { by: 'domain', review: { candidates: [{ id: 'a' }, { id: 'b' }] } },
    })
    expect(matchAccounts(found('domain', account('a'), account('b')), facts()).state).toBe('certain')
    const idle = account('b', { owner: owner('bo', { active: false }) })
    expect(matchAccounts(found('domain', account('a'), idle), facts())).toMatchObject({
      state: 'certain',
      account: { id: 'a' },
    })
  })

  test('asks a person when different people own companies of one name (trap 39)', () => {
    const namesakes = [
      account('a', { name: 'Phoenix', domain: null, relationship: 'customer' }),
      account('b', { name: 'Phoenix Ltd', domain: null, owner: owner('bo') }),
    ]
    const lead = facts({ name: 'Phoenix', domain: null, emailDomain: null })
    expect(matchAccounts(found('name', ...namesakes), lead)).toMatchObject({
      state: 'review',
      match: { review: { reason: expect.stringContaining('2 companies') } },
    })
    const ofOne = namesakes.map((each) => ({ ...each, owner: owner('ana') }))
    expect(matchAccounts(found('name', ...ofOne), lead)).toMatchObject({
      state: 'certain',
      account: { id: 'a' },
    })
  })

  test('leaves similar names to a person under the threshold, and forgets them under the lower one', () => {
    const like = found('name', account('like', { name: 'Acme Robotic', domain: null }))
    const lead = facts({ name: 'Acme Robotics' })
    const { score } = matchAccounts(like, lead).match ?? { score: 0 }
    expect(score).toBeGreaterThan(0.7)
    expect(matchAccounts(like, lead, { certainAt: score, reviewAt: 0.5 })).toMatchObject({
      state: 'certain',
      match: { by: 'fuzzy-name', review: null },
    })
    expect(matchAccounts(like, lead, { certainAt: score + 0.01, reviewAt: score })).toMatchObject({
      state: 'review',
      match: {
        review: { candidates: [{ id: 'like', why: expect.stringContaining('% like "Acme Robotics"') }] },
      },
    })
    expect(matchAccounts(like, lead, { certainAt: 1, reviewAt: score + 0.01 })).toMatchObject({
      state: 'none',
      account: null,
      match: null,
      compared: [{ id: 'like' }],
    })
  })

  test('leaves the same name at another domain to a person', () => {
    const elsewhere = found('name', account('a', { name: 'Acme', domain: 'acme-foods.com' }))
    expect(matchAccounts(elsewhere, facts())).toMatchObject({
      state: 'review',
      match: { by: 'name', score: 0.8 },
    })
  })

  test('follows the current e-mail domain of a person who moved, not the old account (trap 59)', () => {
    const old = account('old', { domain: 'old.com', relationship: 'customer' })
    const moved = found('contact', old)
    expect(matchAccounts([...moved, ...found('domain', account('new'))], facts())).toMatchObject({
      state: 'certain',
      account: { id: 'new' },
    })
    const alone = matchAccounts(moved, facts())
    expect(alone).toMatchObject({ state: 'review', account: { id: 'old' } })
    expect(alone.match?.reason).toContain('may have moved')
    // The contact of a company with several domains, and one who writes from a private address, did not move.
    expect(matchAccounts(found('contact', { ...old, aliases: ['acme.com'] }), facts()).state).toBe('certain')
    expect(matchAccounts(moved, facts({ emailDomain: null })).state).toBe('certain')
  })

  test('names the conflict when parent and subsidiary have different owners (trap 55)', () => {
    const parent = { id: 'p', name: 'Group', owner: owner('bo') }
    const split = matchAccounts(found('domain', account('a', { parent })), facts())
    expect(split).toMatchObject({
      state: 'certain',
      account: { id: 'a', owner: { id: 'ana' } },
      match: {
        conflict: 'Account a is owned by ana, and its parent Group by bo',
        review: {
          candidates: [
            { id: 'a', owner: 'ana' },
            { id: 'p', owner: 'bo' },
          ],
        },
      },
    })
    for (const harmless of [
      owner('ana'),
      owner('bo', { active: false }),
      owner('bo', { kind: 'queue' }),
      null,
    ]) {
      const same = account('a', { parent: { ...parent, owner: harmless } })
      expect(matchAccounts(found('domain', same), facts())).toMatchObject({
        match: { conflict: null, review: null },
      })
    }
  })

  test('shows owners who own nothing as what they are (trap 44)', () => {
    const accounts = [
      account('a', { owner: owner('Gone', { active: false }) }),
      account('b', { owner: owner('Inbound', { kind: 'queue' }) }),
      account('c', { owner: null }),
    ]
    const { match } = matchAccounts(found('domain', ...accounts), facts())
    expect(match?.candidates.map((each) => each.owner)).toEqual(['Gone (inactive)', 'Inbound (queue)', null])
  })

  test('puts the surviving account in the place of merged ones, conflicting owners to a person (trap 58)', () => {
    const gone = account('gone', { mergedInto: 'middle', domain: 'acme.com', owner: owner('bo') })
    const middle = account('middle', { mergedInto: 'stays', domain: 'acme.net' })
    const stays = account('stays', { domain: 'acme.org' })
    const result = matchAccounts(found('domain', gone, middle, stays), facts())
    expect(result).toMatchObject({
      state: 'certain',
      account: { id: 'stays' },
      match: {
        score: 0.98,
        conflict: expect.stringContaining('merged'),
        review: { candidates: [{ id: 'stays' }, { id: 'gone' }] },
      },
    })
    expect(result.match?.reason).toContain('Account gone was merged into it')
    expect(
      matchAccounts(found('domain', { ...gone, owner: owner('ana') }, middle, stays), facts()).match
        ?.conflict,
    ).toBeNull()
    const circle = found('domain', account('x', { mergedInto: 'y' }), account('y', { mergedInto: 'x' }))
    expect(matchAccounts(circle, facts()).account).not.toBeNull()
  })

  test('answers the same whatever order the accounts come in', () => {
    const accounts = fc.array(
      fc.record({
        source: fc.constantFrom<Source>('contact', 'domain', 'name'),
        id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        name: fc.constantFrom('Acme', 'Acme Robotics', 'Acme Robotic', 'Other'),
        domain: fc.constantFrom('acme.com', 'acme.de', null),
        relationship: fc.constantFrom('customer' as const, 'prospect' as const),
        owner: fc.constantFrom(owner('ana'), owner('bo'), null),
      }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(accounts, fc.infiniteStream(fc.nat()), (given, random) => {
        // One id is one account, however it was come by.
        const known = new Map<string, MatchableAccount>()
        const all = given.map(({ source, id, ...rest }) => {
          const each = known.get(id) ?? account(id, rest)
          known.set(id, each)
          return { source, account: each }
        })
        const order = [...random.take(all.length)]
        const mixed = all.map((each, index) => ({ each, at: order[index] ?? 0 })).sort((a, b) => a.at - b.at)
        const lead = facts({ name: 'Acme Robotics' })
        expect(
          matchAccounts(
            mixed.map(({ each }) => each),
            lead,
          ),
        ).toEqual(matchAccounts(all, lead))
      }),
    )
  })
})
