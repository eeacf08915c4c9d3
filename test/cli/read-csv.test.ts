import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { readCsv } from '../../cli/read-csv.ts'
import { TableError } from '../../columns/errors.ts'
import { temporaryFolder } from '../support/temp.ts'

const Input = z.object({ company: z.string(), email: z.string(), country: z.string() })
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

async function read(text: string | Buffer) {
  const path = join(folder.path, 'leads.csv')
  await writeFile(path, text)
  return readCsv(path, Input)
}

async function refusalOf(text: string | Buffer): Promise<string> {
  const error = await read(text).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!TableError.isInstance(error)) throw error
  return `${error.message} | ${error.details.wayOut}`
}

test('a row that is longer or shorter than the header is refused with its line, and the others go on', async () => {
  const { rows, lines, refused } = await read(
    'company,email,country\nA,a@a.example,Peru\nB, Inc.,b@b.example,Peru\nC,c@c.example\nD,d@d.example,Peru\n',
  )
  expect(rows.map(({ company }) => company)).toEqual(['A', 'D'])
  expect(lines).toEqual([2, 5])
  expect(refused).toEqual([
    {
      line: 3,
      row: expect.objectContaining({ company: 'B' }),
      why: 'it has 4 cells, the header has 3: put the value that holds a comma in quotes',
    },
    {
      line: 4,
      row: { company: 'C', email: 'c@c.example' },
      why: expect.stringMatching(/^it has 2 cells, the header has 3: /),
    },
  ])
})

test.each([
  ['a row that ends in separators', 'company,email,country\nA,a@a.example,Peru,, ,\n'],
  ['a header that ends in separators', 'company,email,country,,\nA,a@a.example,Peru\n'],
  ['a value below no header', 'company,email,country,\nA,a@a.example,Peru,seen\n'],
  ['a comma in quotes', 'company,email,country\nA,a@a.example,"Peru"\n'],
])('%s is fine', async (_, text) => {
  const { rows, refused } = await read(text)
  expect(refused).toEqual([])
  expect(rows).toEqual([{ company: 'A', email: 'a@a.example', country: 'Peru' }])
})

test('the way out names the separator of the file', async () => {
  const { refused } = await read('company;email;country\nA; B;a@a.example;Peru\n')
  expect(refused.map(({ why }) => why)).toEqual([expect.stringContaining('holds a semicolon in quotes')])
})

test.each(['\n', '\r\n'])('lines are counted as an editor shows them, with %j', async (end) => {
  const text = ['company,email,country', '', '"A', 'a",a@a.example,Peru', ' ', ',,', 'B,b@b.example,Peru']
  const { rows, lines } = await read(`\uFEFF${text.join(end)}`)
  expect(rows.map(({ company }) => company)).toEqual([`A${end}a`, 'B'])
  expect(lines).toEqual([3, 7])
})

test.each([
  ['inside a value', 'The "Big" Co,b@b.example,Peru'],
  ['before the end of a value', '"Big" Co,b@b.example,Peru'],
  ['that is never closed', '"Big Co,b@b.example,Peru'],
])('a quote %s is told with the line of its row and how to write it', async (_, row) => {
  const refusal = await refusalOf(
    `company,email,country\r\n"A\r\na",a,Peru\r\n${row}\r\nC,c,Peru\r\nD,d,Peru\r\n`,
  )
  expect(refusal).toContain('line 4: a quote stands inside a value, or is not closed | ')
  expect(refusal).toContain('put the whole value in quotes and double each quote inside it')
  expect(refusal).not.toContain('UTF-8')
  const mended = await read('company,email,country\n"The ""Big"" Company",b,Peru\n')
  expect(mended.rows[0]?.company).toBe('The "Big" Company')
})

test.each(['', ' \n\n'])('a file with nothing in it is called empty: %j', async (text) => {
  expect(await refusalOf(text)).toContain('the file is empty')
})

const utf16 = Buffer.from(
  '\uFEFFcompany\temail\tcountry\r\nM\u00FCller \u682A\u5F0F\ta@a.example\tPeru\r\n',
  'utf16le',
)

test.each([
  ['little', utf16],
  ['big', Buffer.from(utf16).swap16()],
])('UTF-16 with a byte-order mark, %s-endian, is read as what it is', async (_, bytes) => {
  const { rows, encoding } = await read(bytes)
  expect(encoding).toBe('UTF-16')
  expect(rows).toEqual([{ company: 'Müller 株式', email: 'a@a.example', country: 'Peru' }])
})

test('UTF-16 that breaks off inside a letter is refused', async () => {
  expect(await refusalOf(utf16.subarray(0, -1))).toContain(
    'it begins as UTF-16, but is not all of it | save it as',
  )
})

test('two headers of one name are refused by name where a field would take both, and left out where none does', async () => {
  expect(await refusalOf('company,email,e-mail address,email\nA,a@a.example,b,c\n')).toContain(
    'two columns are called "email" | rename or remove the one that is not meant',
  )
  const { rows, headers } = await read('company,email,country,,shoe,,shoe\nA,a@a.example,Peru,1,2,3,4\n')
  expect(rows).toEqual([{ company: 'A', email: 'a@a.example', country: 'Peru' }])
  expect(headers.ignored).toEqual(['', 'shoe', '', 'shoe'])
})

test('a file without the column of a field that every row must have says so once, with the names it would have taken', async () => {
  expect(await refusalOf('email,country\na@a.example,Peru\n')).toMatch(
    /it has no column for "company", which every row must have \| call the column one of: company, companyname, account, /,
  )
})
