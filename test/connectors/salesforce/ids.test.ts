import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeId, requireId, typeOfId, withChecksum } from '../../../connectors/salesforce/ids.ts'

describe('an id', () => {
  test.each([
    '001xx000003DGb2AAG',
    '003xx000004TmiQAAS',
    '77Cxx0000004CXEEA2',
    '00Qxx000002TRI2EAO',
    '001dM00003kReWpQAK',
    '0015g00000Xgxd8AAB',
    '001R00000066cndIAA',
    '04l0800002nrC5BAAU',
  ])('as Salesforce prints it has the checksum we compute: %s', (id) => {
    expect(withChecksum(id.slice(0, 15))).toBe(id)
    expect(normalizeId(id)).toBe(id)
    expect(normalizeId(id.slice(0, 15))).toBe(id)
  })

  test('with one character in the wrong case is refused', () => {
    expect(normalizeId('001dm00003kReWpQAK')).toBeNull()
    expect(normalizeId('001dM00003kReWpQAk')).toBeNull()
  })

  test.each([
    '',
    '00Q',
    '001xx000003DGb2AA',
    '001xx000003DGb2 ',
    '../../Account/001',
    '00Qx/../../Account/0',
    'ä01xx000003DGb2AAG',
  ])('of another form is refused: %s', (id) => {
    expect(normalizeId(id)).toBeNull()
    expect(() => requireId(id, ['Lead', 'Account'])).toThrow(`"${id}" is no Salesforce id`)
  })

  test('keeps to letters and digits whatever it is made from', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const id = normalizeId(text)
        expect(id === null || /^[A-Za-z0-9]{18}$/.test(id)).toBe(true)
      }),
    )
  })

  test('names its type', () => {
    expect(typeOfId('00Qxx000002TRI2EAO')).toBe('Lead')
    expect(typeOfId('77Cxx0000004CXEEA2')).toBeNull()
    expect(() => requireId('001xx000003DGb2AAG', ['User', 'Group'])).toThrow(
      'is not the id of a User or Group',
    )
  })
})
