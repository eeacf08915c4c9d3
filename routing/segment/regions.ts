import type { SalesRegion } from './segmentation.ts'

/**
 * Names the built-in data that answers for a region: this table and the places of `places.ts`. Every decision carries it, so that an
 * old answer can be told from one of today. A test holds the fingerprint of the data and fails until a change of it gets a new name.
 */
export const regionTableVersion = '2026-11'

/**
 * The name of the table under a policy. Entries laid over the built-in table make it another one: the company's own name for it,
 * or the entries themselves, in order, as `2026-11 with PR=NA`.
 */
export function regionTableOf(policy: {
  regions?: Readonly<Record<string, SalesRegion>>
  regionTable?: string
}): string {
  const own = Object.entries(policy.regions ?? {})
  if (own.length === 0) return regionTableVersion
  const entries = own.map(([code, region]) => `${code}=${region}`).sort()
  return `${regionTableVersion} with ${policy.regionTable ?? entries.join(' ')}`
}

/**
 * Every ISO 3166-1 country by region, after the United Nations' M49 sub-regions: Northern America is NA; Latin America and the
 * Caribbean LATAM; Europe (with Russia), Africa, Western Asia and Iran EMEA; the rest of Asia and Oceania APAC. Kosovo's
 * user-assigned XK is included. Antarctica belongs to nobody's territory.
 */
const codes: Record<SalesRegion, string> = {
  NA: 'US CA GL PM BM',
  LATAM:
    'MX BZ CR SV GT HN NI PA AR BO BR CL CO EC FK GF GY PY PE SR UY VE BV GS AI AG AW BS BB BQ VG KY CU CW DM DO GD GP HT JM MQ MS PR BL KN LC MF VC SX TT TC VI',
  EMEA: [
    'AX AL AD AT BY BE BA BG HR CZ DK EE FO FI FR DE GI GR GG VA HU IS IE IM IT JE LV LI LT LU MT MD MC ME NL MK NO PL PT RO RU SM RS SK SI ES SJ SE CH UA GB XK',
    'AM AZ BH CY GE IQ IR IL JO KW LB OM QA SA PS SY TR AE YE',
    'DZ EG LY MA SD TN EH IO BI KM DJ ER ET TF KE MG MW MU YT MZ RE RW SC SO SS UG TZ ZM ZW AO CM CF TD CG CD GQ GA ST',
    'BW SZ LS NA ZA BJ BF CV CI GM GH GN GW LR ML MR NE NG SH SN SL TG',
  ].join(' '),
  APAC: [
    'CN HK MO KP JP MN KR TW BN KH ID LA MY MM PH SG TH TL VN AF BD BT IN MV NP PK LK KZ KG TJ TM UZ',
    'AU CX CC HM NZ NF FJ NC PG SB VU GU KI MH FM NR MP PW UM AS CK PF NU PN WS TK TO TV WF',
  ].join(' '),
  unknown: 'AQ',
}

/** Region by ISO 3166-1 alpha-2 code, all 249 and XK. Lay your own entries over it with the `regions` policy: `{ PR: 'NA' }`. */
export const regionByCountry: ReadonlyMap<string, SalesRegion> = new Map(
  Object.entries(codes).flatMap(([region, list]) =>
    list.split(' ').map((code) => [code, regionOf(region)] as const),
  ),
)

function regionOf(key: string): SalesRegion {
  return key === 'NA' || key === 'EMEA' || key === 'APAC' || key === 'LATAM' ? key : 'unknown'
}
