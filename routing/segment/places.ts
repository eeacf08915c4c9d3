import { foldedWords } from './fold.ts'
import type { SalesRegion } from './segmentation.ts'

/** Postal codes of the subdivisions that are common in addresses, by region. `GA` after a comma is Georgia, not Gabon. */
export const subdivisionCodes: ReadonlyMap<string, SalesRegion> = new Map([
  ...entries(
    'NA',
    'AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AB BC MB NB NL NS ON PE QC SK YT NU NT',
  ),
  ...entries('APAC', 'NSW VIC QLD TAS ACT'),
])

const subdivisions: Record<string, string> = {
  NA: [
    'alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky',
    'louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey',
    'new mexico|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah',
    'vermont|virginia|washington|west virginia|wisconsin|wyoming|district columbia|ontario|quebec|british columbia|alberta|manitoba',
    'saskatchewan|nova scotia|new brunswick|newfoundland|prince edward island',
  ].join('|'),
  APAC: 'new south wales|queensland|tasmania|western australia|south australia|maharashtra|karnataka|tamil nadu|telangana|kerala|gujarat|uttar pradesh|haryana|west bengal|punjab|rajasthan|guangdong|zhejiang|jiangsu|hokkaido|johor|selangor|otago',
  EMEA: 'bavaria|bayern|hessen|north rhine westphalia|nordrhein westfalen|catalonia|andalusia|lombardy|tuscany|ile de france|hampshire|kent|essex|surrey|yorkshire|hertfordshire|greater london|gauteng|western cape|gran canaria|canary islands|flanders',
  LATAM:
    'rio grande do sul|minas gerais|santa catarina|parana|bahia|pernambuco|jalisco|nuevo leon|antioquia|baja california|yucatan',
}

const cities: Record<string, string> = {
  NA: [
    'new york|new york city|nyc|brooklyn|manhattan|los angeles|la|chicago|houston|phoenix|philadelphia|san antonio|san diego|dallas|austin',
    'san francisco|sf|bay area|silicon valley|seattle|denver|boston|nashville|detroit|portland|las vegas|memphis|louisville|baltimore|milwaukee',
    'albuquerque|tucson|fresno|sacramento|kansas city|atlanta|omaha|raleigh|miami|minneapolis|tulsa|tampa|orlando|new orleans|cleveland',
    'cincinnati|pittsburgh|st louis|saint louis|indianapolis|columbus|charlotte|jacksonville|salt lake city|provo|boulder|palo alto|mountain view',
    'menlo park|cupertino|sunnyvale|santa clara|san mateo|redwood city|oakland|berkeley|san bruno|santa monica|culver city|irvine|pasadena',
    'santa barbara|carlsbad|scottsdale|tempe|plano|fort worth|reston|mclean|arlington|bethesda|boca raton|fort lauderdale|ann arbor|durham',
    'research triangle|stamford|hoboken|jersey city|newark|washington dc|dc|redmond|bellevue|kirkland|spokane|boise|reno|honolulu|anchorage',
    'toronto|montreal|vancouver|ottawa|calgary|edmonton|winnipeg|quebec city|mississauga|markham|kitchener|new westminster|los gatos',
  ].join('|'),
  EMEA: [
    'london|manchester|leeds|liverpool|bristol|edinburgh|glasgow|cardiff|belfast|sheffield|brighton|oxford|nottingham|newcastle upon tyne|dundee',
    'shoreditch|dublin|cork|galway|paris|lyon|marseille|toulouse|nice|nantes|bordeaux|lille|strasbourg|grenoble|montpellier|rennes|berlin|munich',
    'munchen|muenchen|hamburg|cologne|koln|koeln|frankfurt|frankfurt am main|stuttgart|dusseldorf|duesseldorf|leipzig|dresden|nuremberg|nurnberg',
    'hannover|bremen|karlsruhe|freiburg|heidelberg|erfurt|bonn|vienna|wien|graz|linz|salzburg|zurich|zuerich|geneva|geneve|basel|bern|lausanne',
    'zug|lugano|amsterdam|rotterdam|the hague|den haag|utrecht|eindhoven|brussels|bruxelles|brussel|antwerp|ghent|gent|leuven|madrid|barcelona|seville',
    'sevilla|bilbao|malaga|lisbon|lisboa|porto|rome|roma|milan|milano|turin|torino|bologna|florence|firenze|naples|napoli|trento|verona|venice',
    'stockholm|gothenburg|goteborg|malmo|oslo|bergen|trondheim|copenhagen|kobenhavn|aarhus|helsinki|espoo|tampere|turku|reykjavik|tallinn|tartu|riga|vilnius',
    'kaunas|warsaw|warszawa|krakow|cracow|wroclaw|gdansk|poznan|lodz|katowice|gliwice|bialystok|prague|praha|brno|bratislava|budapest|bucharest|cluj napoca',
    'cluj|iasi|timisoara|sofia|plovdiv|varna|belgrade|novi sad|zagreb|split|ljubljana|sarajevo|skopje|tirana|athens|thessaloniki|nicosia|limassol|valletta',
    'kyiv|kiev|lviv|kharkiv|odesa|odessa|dnipro|minsk|chisinau|moscow|moskva|st petersburg|saint petersburg|novosibirsk|kazan|tbilisi|yerevan|baku',
    'istanbul|ankara|izmir|tel aviv|telaviv|jerusalem|haifa|herzliya|ramat gan|beirut|amman|dubai|abu dhabi|sharjah|doha|riyadh|jeddah|kuwait city|manama|muscat',
    'tehran|baghdad|cairo|alexandria|casablanca|rabat|tunis|algiers|lagos|abuja|accra|dakar|abidjan|nairobi|kampala|kigali|addis ababa|dar es salaam',
    'johannesburg|cape town|durban|pretoria|stellenbosch|lusaka|harare|gaborone|windhoek|maputo|luanda|kinshasa|port louis|luxembourg city',
  ].join('|'),
  APAC: [
    'tokyo|osaka|kyoto|yokohama|nagoya|fukuoka|sapporo|sendai|kobe|seoul|busan|incheon|beijing|shanghai|shenzhen|guangzhou|hangzhou|chengdu|nanjing|wuhan',
    'suzhou|tianjin|xiamen|taipei|hsinchu|kaohsiung|manila|makati|quezon city|cebu|taguig|jakarta|bandung|surabaya|bali|yogyakarta|kuala lumpur|penang',
    'petaling jaya|bangkok|chiang mai|ho chi minh city|saigon|hanoi|da nang|phnom penh|yangon|vientiane|mumbai|bombay|delhi|new delhi|bangalore|bengaluru',
    'chennai|hyderabad|pune|kolkata|ahmedabad|jaipur|gurgaon|gurugram|noida|chandigarh|kochi|indore|goa|coimbatore|surat|karachi|lahore|islamabad',
    'dhaka|colombo|kathmandu|kabul|tashkent|almaty|astana|bishkek|ulaanbaatar|sydney|melbourne|brisbane|perth|adelaide|canberra|gold coast|hobart|newcastle nsw',
    'auckland|wellington|christchurch|wanaka|queenstown|dunedin|suva|port moresby',
  ].join('|'),
  LATAM: [
    'mexico city|ciudad de mexico|cdmx|guadalajara|monterrey|tijuana|puebla|cancun|queretaro|guatemala city|tegucigalpa|managua|san salvador|panama city',
    'ciudad de panama|havana|santo domingo|san juan|port au prince|port of spain|bogota|medellin|cali|barranquilla|cartagena|caracas|quito|guayaquil|lima',
    'arequipa|la paz|asuncion|montevideo|buenos aires|rosario|mendoza|santiago|santiago de chile|valparaiso|sao paulo|rio de janeiro|belo horizonte|brasilia',
    'curitiba|porto alegre|recife|salvador|fortaleza|florianopolis|campinas|joinville|manaus|barueri|goiania',
  ].join('|'),
}

const wholeRegions: Record<string, string> = {
  NA: 'north america|northern america|us canada|east coast|west coast|midwest',
  EMEA: 'emea|europe|european union|eu|africa|middle east|mena|gcc|dach|nordics|scandinavia|benelux|baltics|balkans|cis|gulf|maghreb',
  APAC: 'apac|asia|asia pacific|oceania|anz|southeast asia|south east asia|asean|australasia|central asia',
  LATAM:
    'latam|latin america|south america|central america|caribbean|americas latinas|latinoamerica|america latina',
}

/** Names borne by well-known cities of two regions. Alone they decide nothing. */
const ambiguousCities: Record<string, SalesRegion[]> = {
  cambridge: ['EMEA', 'NA'],
  birmingham: ['EMEA', 'NA'],
  'san jose': ['NA', 'LATAM'],
  hamilton: ['NA', 'APAC', 'EMEA'],
  richmond: ['NA', 'EMEA'],
  valencia: ['EMEA', 'LATAM'],
  cordoba: ['EMEA', 'LATAM'],
  georgetown: ['NA', 'LATAM', 'APAC'],
  kingston: ['LATAM', 'NA'],
  victoria: ['APAC', 'NA', 'EMEA'],
  newcastle: ['EMEA', 'APAC'],
  hyderabad: ['APAC'],
  tripoli: ['EMEA'],
  merida: ['LATAM', 'EMEA'],
  leon: ['LATAM', 'EMEA'],
  york: ['EMEA'],
  lincoln: ['NA', 'EMEA'],
}

export interface Place {
  /** How general the place is: a state qualifies the city before it, a country both. */
  level: 'city' | 'subdivision' | 'country' | 'region'
  regions: readonly SalesRegion[]
  /** The region to take when nothing narrows several down. */
  assume?: SalesRegion
}

/** Cities, subdivisions and whole regions by folded name. Countries are in the ISO table. */
export const places: ReadonlyMap<string, Place> = new Map([
  ...placesOf('subdivision', subdivisions),
  ...placesOf('region', wholeRegions),
  ...placesOf('city', cities),
  ...Object.entries(ambiguousCities).map(([name, regions]): [string, Place] => [
    name,
    { level: 'city', regions },
  ]),
  ['georgia', { level: 'subdivision', regions: ['NA', 'EMEA'] }],
])

function placesOf(level: Place['level'], table: Record<string, string>): [string, Place][] {
  return (['NA', 'EMEA', 'APAC', 'LATAM'] as const).flatMap((region) =>
    (table[region] ?? '')
      .split('|')
      .map((name): [string, Place] => [foldedWords(name).join(' '), { level, regions: [region] }]),
  )
}

function entries(region: SalesRegion, list: string): [string, SalesRegion][] {
  return list.split(' ').map((code) => [code, region])
}
