import { describe, expect, test } from 'vitest'
import type { ReceivedCall } from '../../sandbox/receive.ts'
import { inspectBySpecs, specsArePresent } from '../support/vendor-specs.ts'

const inspect = inspectBySpecs()
const call = (change: Partial<ReceivedCall>) =>
  inspect({ vendor: 'slack', method: 'POST', path: '/', headers: new Headers(), text: '', ...change })

const lead = '00Q5e00001abcdEEAQ'
const data = '/services/data/v64.0'
const owner = JSON.stringify({ OwnerId: '0055e000001abcdAAA' })
const off = new Headers({ 'Sforce-Auto-Assign': 'FALSE' })
const collection = (count: number) =>
  JSON.stringify({
    allOrNone: false,
    records: Array.from({ length: count }, () => ({ attributes: { type: 'Lead' }, Id: lead })),
  })

describe.skipIf(!specsArePresent)('a request is checked by the vendor’s contract:', () => {
  test.each<[string, Partial<ReceivedCall>, RegExp]>([
    [
      'a Slack message without a channel',
      { path: '/api/chat.postMessage', text: 'text=hi' },
      /channel is miss/,
    ],
    ['a Slack method that is none', { path: '/api/chat.shout', text: '' }, /no method chat.shout/],
    [
      'a card with a fact without value',
      {
        vendor: 'teams',
        text: JSON.stringify({
          type: 'message',
          attachments: [
            {
              contentType: 'application/vnd.microsoft.card.adaptive',
              content: {
                type: 'AdaptiveCard',
                version: '1.5',
                body: [{ type: 'FactSet', facts: [{ title: 'x' }] }],
              },
            },
          ],
        }),
      },
      /attachments\.0\.content/,
    ],
    [
      'a question without messages',
      { vendor: 'openai', path: '/v1/chat/completions', text: '{"model":"gpt-test"}' },
      /messages/,
    ],
    [
      'an owner written with the rules on',
      { vendor: 'salesforce', method: 'PATCH', path: `${data}/sobjects/Lead/${lead}`, text: owner },
      /Sforce-Auto-Assign/,
    ],
    [
      'a record id that walks away',
      {
        vendor: 'salesforce',
        method: 'PATCH',
        path: `${data}/sobjects/Lead/x/../../Account/001`,
        headers: off,
      },
      /there is no call PATCH/,
    ],
    [
      'a collection of 201 records',
      {
        vendor: 'salesforce',
        method: 'PATCH',
        path: `${data}/composite/sobjects`,
        headers: off,
        text: collection(201),
      },
      /1 to 200 records, not 201/,
    ],
    [
      'a read of a collection without fields',
      {
        vendor: 'salesforce',
        path: `${data}/composite/sobjects/Lead`,
        text: JSON.stringify({ ids: [lead] }),
      },
      /reads fields/,
    ],
  ])('%s is wrong', (_, given, problem) => {
    expect(call(given).join('; ')).toMatch(problem)
  })

  test.each<[string, Partial<ReceivedCall>]>([
    ['a Slack message', { path: '/api/chat.postMessage', text: 'channel=C1&text=hi&metadata=%7B%7D' }],
    ['a read of a thread', { path: '/api/conversations.replies', text: 'channel=C1&ts=1.2' }],
    [
      'an owner',
      {
        vendor: 'salesforce',
        method: 'PATCH',
        path: `${data}/sobjects/Lead/${lead}`,
        headers: off,
        text: owner,
      },
    ],
    [
      'a collection of 200',
      {
        vendor: 'salesforce',
        method: 'PATCH',
        path: `${data}/composite/sobjects`,
        headers: off,
        text: collection(200),
      },
    ],
    [
      'a read of a collection',
      {
        vendor: 'salesforce',
        path: `${data}/composite/sobjects/Lead`,
        text: JSON.stringify({ ids: [lead], fields: ['OwnerId'] }),
      },
    ],
    ['a query', { vendor: 'salesforce', method: 'GET', path: `${data}/query?q=SELECT+Id+FROM+Lead` }],
    ['a vendor without a contract', { vendor: 'hubspot', path: '/crm/v3/owners' }],
  ])('%s is right', (_, given) => {
    expect(call(given)).toEqual([])
  })
})
