import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type EvalOptions, type Evaluation, evaluationOf } from '../../cli/eval.ts'
import { readLabelledFile } from '../../cli/eval-file.ts'
import { evaluationText } from '../../cli/eval-text.ts'
import { readSettings } from '../../cli/settings.ts'
import { TableError } from '../../columns/errors.ts'
import { rota } from './rota-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'rota-eval-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string | Buffer) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const labelled = file(
  'segment.csv',
  [
    'company,website,country,employees,expected_region,expected_segment,size',
    'Acme,acme.de,,50,EMEA,SMB,small',
    'Bolt,bolt.com,Japan,5000,APAC,SMB,large',
    'Crux,crux.com,,,unknown,,',
  ].join('\n'),
)
const sandbox = { ROTA_SANDBOX: '1' }

/** The command in this process: a process of its own takes seconds to start. */
function evaluated(
  over: Partial<EvalOptions>,
  settings: Record<string, string> = sandbox,
): Promise<Evaluation> {
  const whole = { table: 'inbound-leads', column: 'segment', file: labelled, json: true, unknown: 'unknown' }
  return evaluationOf({ ...whole, concurrency: '8', ...over }, readSettings(settings))
}

async function refusalOf(evaluation: Promise<Evaluation>): Promise<string> {
  const error = await evaluation.catch((thrown: unknown) => thrown)
  if (!TableError.isInstance(error)) throw error
  return `${error.message} | ${error.details.wayOut}`
}

describe('rota eval', () => {
  test('prints accuracy, slices, confusion, unknown, who decided, what is wrong and the cost', async () => {
    const { stdout, code } = await rota(sandbox, 'eval', 'inbound-leads', 'segment', labelled, '--by', 'size')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^inbound-leads\.segment over 3 rows of .*\n +model +\S+, the stand-in of the sandbox\n/,
    )
    expect(stdout).toMatch(
      /from file +company, website, country, employees\n +worked out +domain\n +left empty +email, /,
    )
    expect(stdout).toMatch(/region +3 +3 +100\.0 % /)
    expect(stdout).toMatch(/segment +2 +1 +50\.0 % /)
    expect(stdout).toMatch(
      /By size\n\n.*\n.*\nsmall +100\.0 % of 1 +100\.0 % of 1\nlarge +100\.0 % of 1 +0\.0 % of 1\n/,
    )
    expect(stdout).toMatch(/Confusion of segment.*\n\n +SMB +Enterprise\n.*\nSMB +1 +1\n/)
    expect(stdout).toMatch(/Unknown\n\n.*\n.*\nregion +1 +33\.3 % +100\.0 % +100\.0 % +0\n/)
    expect(stdout).toMatch(/\nrule +2 +100\.0 % +50\.0 %\nmodel +1 +100\.0 %/)
    expect(stdout).toMatch(/Wrong\n\n.*\n.*\n3 +segment +SMB +Enterprise +Region APAC from country "Japan"/)
    expect(stdout).toMatch(/1 calls for 1 rows, [1-9]\d* tokens in/)
  })

  test('fails the build below --min, and says by how much', async () => {
    const failed = await rota(sandbox, 'eval', 'inbound-leads', 'segment', labelled, '--min', '0.95')
    expect([failed.code, failed.stdout]).toEqual([
      1,
      expect.stringMatching(/failed: .* is 50\.0 %, asked for 95\.0 %/),
    ])
    expect(await evaluated({ min: '50%' })).toMatchObject({ passed: true, min: 0.5 })
    expect(await evaluated({})).toMatchObject({ passed: null, min: null })
  })

  test('counts no stand-in as an answer, charges it, and fails the build for it', async () => {
    const server = createServer((_, response) => response.writeHead(500).end('{}'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const down = { OPENAI_API_KEY: 'key', OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` }
    const prose = file(
      'prose.csv',
      'company,description,expected_region\nAcme,We are 40 people in Berlin.,unknown\n',
    )
    const given = { file: prose, min: '0' }
    try {
      const { report, passed } = await evaluated(given, down)
      expect(report).toMatchObject({
        fields: {
          region: {
            right: 0,
            noAnswer: 1,
            accuracyWhereAnswered: null,
            unknown: { answered: 0, recall: null },
          },
        },
        noAnswers: { rows: 1, outcomes: { unavailable: 1 } },
      })
      expect(passed).toBe(false)
      expect((await evaluated({ ...given, allowFailures: true }, down)).passed).toBe(true)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  test('prices the second way by itself where its price is given', async () => {
    const { against, report } = await evaluated({ against: 'model:vendor/other', price: '4,16' })
    expect(against?.model).toBe('vendor/other')
    expect(against?.report.cost.usd).toBeCloseTo(report.cost.usd * 10, 9)
    expect(evaluationText(await evaluated({ against: 'other' }))).toContain(
      'both are priced as the first one is',
    )
    expect(evaluationText(await evaluated({ against: 'other', price: '1,2' }))).not.toContain(
      'both are priced',
    )
  })

  test('compares two models, two prompts or two modules on the same rows', async () => {
    const prompt = file('prompt.md', 'Region of {{country}}, size of {{employees}}, for $& and $1.')
    for (const against of ['other-model', prompt, 'examples/inbound-leads/tables.ts']) {
      const { against: second, report, model } = await evaluated({ against })
      expect(second?.name).toBe(against)
      expect(second?.model === 'other-model').toBe(against === 'other-model')
      expect(model).not.toBe('other-model')
      expect(second?.comparison.fields.region).toMatchObject({ bothRight: 3, onlyFirst: 0, chance: 1 })
      // The same values are sent: only shorter instructions make a cheaper call.
      const cheaper = (second?.report.cost.inputTokens ?? 0) < report.cost.inputTokens
      expect([against, cheaper]).toEqual([against, against === prompt])
    }
    expect((await evaluated({ model: 'pinned-1' })).model).toBe('pinned-1')
    const { stdout } = await rota(sandbox, 'eval', 'inbound-leads', 'segment', labelled, '--against', prompt)
    expect(stdout).toMatch(/Against .*prompt\.md\n/)
    expect(stdout).toMatch(/Side by side, on the same rows\n\n.*\n.*\nregion +3 +0 +0 +0 +0\.0 % +1\.000\n/)
  })

  test('works for a column whose answer is one word, on values of earlier columns in the file', async () => {
    const text = [
      'source,segment,expected_exit',
      'demo request,"{""region"":""NA"",""segment"":""SMB"",""reason"":""x"",""decidingFields"":[]}",route',
      'newsletter,"{""region"":""NA"",""segment"":""SMB"",""reason"":""x"",""decidingFields"":[]}",nurture',
      'newsletter,,nurture',
    ].join('\n')
    const { stdout, code } = await rota({}, 'eval', 'inbound-leads', 'exit', file('exit.csv', text))
    expect(code).toBe(0)
    expect(stdout).toMatch(/\(answer\) +3 +1 +33\.3 %/)
    expect(stdout).toMatch(/3 +\(answer\) +nurture +self-serve +a small company/)
    expect(stdout).toMatch(/4 +\(answer\) +nurture +\(skipped\) +segment is empty/)
  })

  test('asks for the connector that a row needs, and for no other', async () => {
    expect(await refusalOf(evaluated({}, {}))).toMatch(
      /model connector is not configured \| set OPENAI_API_KEY/,
    )
    expect(await evaluated({ only: 'size=small' }, {})).toMatchObject({ sandbox: false, report: { rows: 1 } })
  })

  test.each<[over: Partial<EvalOptions>, message: string]>([
    [{ table: 'nope' }, 'there is no table "nope" | use one of: inbound-leads'],
    [{ column: 'nope' }, 'has no column "nope" | use one of: domain, firm'],
    [{ column: 'segmnt' }, 'has no column "segmnt" | did you mean "segment"? Else use one of: domain'],
    [
      { column: 'owner' },
      'takes turns of a rotation: it cannot be tried out on a file | evaluate one of: domain',
    ],
    [{ column: 'crmOwner' }, 'changes the outside world'],
    [{ by: 'sise' }, 'the file has no column "sise" | use one of: company'],
    [{ only: 'size=huge' }, 'no row of the file has size=huge'],
    [{ min: '7' }, '--min 7 is no share'],
    [{ min: '' }, '--min "" is no share'],
    [{ min: ' ' }, '--min "" is no share'],
    [{ min: '%' }, '--min % is no share'],
    [{ min: '0x1' }, '--min 0x1 is no share'],
    [{ price: '1,2' }, '--price is of the second way'],
    [{ price: '1', against: 'other' }, '--price 1 is no price in and out'],
    [{ price: '1,-2', against: 'other' }, '--price 1,-2 is no price'],
    [{ against: 'prompts/none.md' }, '--against prompts/none.md: there is no such file | give the path'],
    [{ against: 'shorter.txt' }, 'there is no such file'],
    [{ against: 'vendor/model' }, 'a model of this name is model:vendor/model'],
    [
      { file: file('case.csv', 'company,Expected_region\nAcme,EMEA\n') },
      'the header "Expected_region" is taken as it is written: no value is called so | write expected_region',
    ],
    [{ file: file('country.csv', 'company,Country,expected_region\nAcme,Peru,LATAM\n') }, '| write country'],
    [
      { file: file('label.csv', 'company,country,expected_region\nAcme,Peru,LATAM\nBolt,Japan,Apac\n') },
      'expected_region holds what the answer cannot be: line 3: "Apac" | use one of: NA, EMEA, APAC, LATAM, unknown',
    ],
    [{ concurrency: '0' }, '--concurrency 0 is no whole number'],
    [{ column: 'exit' }, 'expected_region: the answer of "exit" has no field'],
    [{ column: 'exit', against: labelled }, 'has no prompt that another could replace'],
    [
      { against: file('bad.md', 'What of {{contry}}?') },
      'the prompt refers to {{contry}}, which the column does not send | did you mean "country"? Else use one of: company',
    ],
    [
      { file: file('stray.csv', 'company,expected_region\nAcme,EMEA\nThe "Big" Co,NA\n') },
      'line 3: a quote stands inside a value, or is not closed | put the whole value in quotes and double',
    ],
  ])('refuses %j with the way out', async (over, message) => {
    expect(await refusalOf(evaluated(over))).toContain(message)
  })
})

test('suggests only columns that it takes', async () => {
  const suggested = /use one of: (.+)$/.exec(await refusalOf(evaluated({ column: 'nope' })))?.[1]?.split(', ')
  expect(suggested).toContain('segment')
  const nothing = file('nothing.csv', '')
  // Beyond the column, the next thing that is wrong is the file.
  for (const column of suggested ?? [])
    expect([column, await refusalOf(evaluated({ column, file: nothing }))]).toEqual([
      column,
      expect.stringContaining('it has no rows'),
    ])
})

describe('a file of labelled rows', () => {
  const refusal = (path: string) => {
    try {
      readLabelledFile(path)
    } catch (error) {
      if (TableError.isInstance(error)) return error.message
      throw error
    }
    return 'nothing is refused'
  }

  test('keeps the line of each row, over line breaks in cells and empty lines', () => {
    const { headers, rows } = readLabelledFile(
      file('lines.csv', '\ufeffa, b\r\n1,"x\r\ny"\r\n2,z\r\n\r\n3,"q"\r\n'),
    )
    expect(headers).toEqual(['a', 'b'])
    expect(rows.map(({ line, cells }) => [line, cells.a, cells.b])).toEqual([
      [2, '1', 'x\r\ny'],
      [4, '2', 'z'],
      [6, '3', 'q'],
    ])
  })

  test('is split at what its headers are split at', () => {
    expect(readLabelledFile(file('comma.csv', 'a,b\nx;y,z\n')).rows[0]?.cells).toEqual({ a: 'x;y', b: 'z' })
    expect(readLabelledFile(file('semicolon.csv', 'a;b\nx,y;z\n')).rows[0]?.cells).toEqual({
      a: 'x,y',
      b: 'z',
    })
  })

  test.each([
    ['missing.csv', null, 'there is no such file'],
    ['empty.csv', '', 'it has no rows'],
    ['headers.csv', 'a,b\n', 'it has no rows'],
    ['twice.csv', 'a,a\n1,2\n', 'two columns are called "a"'],
    ['longer.csv', 'a,b\n1,2,3\n', 'on line 2'],
    ['latin.csv', Buffer.from([0x61, 0x0a, 0xfc]), 'encoded data was not valid'],
  ])('is refused when it is %s', (name, text, message) => {
    const path = text === null ? join(folder, name) : file(name, text)
    expect(refusal(path)).toContain(message)
  })
})
