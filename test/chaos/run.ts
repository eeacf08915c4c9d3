import { parseArgs } from 'node:util'
import { type ChaosReport, chaos } from './chaos.ts'
import { type BrokenBuild, brokenBuilds } from './processes.ts'

const help = `npm run chaos [-- options]

Kills the server with SIGKILL at random moments while it works, starts it again, and asks the stand-ins what they saw.

  --kills N         how often; 300 when left out
  --seed N          play the same moments again, as far as the machine's timing lets it
  --broken NAME     a build that must fail: ${brokenBuilds.join(', ')}, or all
  --every-point     kill at every commit and every outgoing call of the 20-lead scenario instead, before and after
  --from N          begin there, to go on with an earlier run
  --help
`

const { values } = parseArgs({
  options: {
    kills: { type: 'string' },
    seed: { type: 'string' },
    broken: { type: 'string' },
    'every-point': { type: 'boolean', default: false },
    from: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const tell = (line: string) => console.log(`  ${line}`)
const whole = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : Number(text))
const seed = whole(values.seed, Date.now() % 1_000_000)

function show(report: ChaosReport): void {
  const { seed, kills, landed, troubles, leads, extraWrites, problems, seconds } = report
  const { given, met } = troubles
  console.log(`seed ${seed}: ${kills} kills in ${seconds} s, ${leads} leads`)
  console.log(`  kills in a CRM write ${landed.crmWrite}, in a notification ${landed.notify}`)
  console.log(`  troubles given ${given.all}, requests that met one ${met.all}`)
  console.log(`  answers to owner writes lost ${met.ownerWrites}, extra owner writes ${extraWrites}`)
  console.log(`  problems ${problems.length}`)
  for (const problem of problems.slice(0, 20)) console.log(`    ${problem}`)
}

/** A broken build has to be found out; the product has to have no problem. */
async function runBroken(names: readonly BrokenBuild[]): Promise<boolean> {
  let allFound = true
  for (const broken of names) {
    console.log(`\n${broken}: must be found out`)
    const report = await chaos({ kills: whole(values.kills, 60), seed, broken, tell })
    show(report)
    if (report.problems.length === 0) allFound = false
  }
  return allFound
}

async function main(): Promise<boolean> {
  if (values.help) {
    console.log(help)
    return true
  }
  if (values['every-point']) {
    const { everyPoint } = await import('./every-point.ts')
    return everyPoint({ seed, from: whole(values.from, 1), tell })
  }
  if (values.broken !== undefined) {
    const named = brokenBuilds.filter((each) => values.broken === 'all' || values.broken === each)
    if (named.length === 0) throw new Error(`--broken: there are ${brokenBuilds.join(', ')}, or all`)
    return runBroken(named)
  }
  const report = await chaos({ kills: whole(values.kills, 300), seed, tell })
  show(report)
  return report.problems.length === 0
}

process.exitCode = (await main()) ? 0 : 1
