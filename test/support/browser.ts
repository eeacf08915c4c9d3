import { existsSync, statSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import chromium, { inflate } from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'

/** The browser in the package is built for this; elsewhere set ROTA_TEST_CHROME to the path of a Chrome or Chromium. */
export const hasBrowser =
  process.env.ROTA_TEST_CHROME !== undefined || (process.platform === 'linux' && process.arch === 'x64')

/** Starts a headless Chromium that comes from the npm package, with its own libraries and fonts: the machine needs nothing. */
export async function launchBrowser(): Promise<Browser> {
  const own = process.env.ROTA_TEST_CHROME
  if (own !== undefined) return playwright.launch({ executablePath: own })
  const folder = await unpacked()
  return playwright.launch({
    executablePath: join(folder, 'chromium'),
    args: [
      '--no-sandbox',
      '--no-zygote',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--font-render-hinting=none',
    ],
    env: {
      ...process.env,
      HOME: folder,
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  })
}

/** Unpacks once for each version. Test files run side by side, so it is done aside and moved into place whole. */
async function unpacked(): Promise<string> {
  const packed = join(fileURLToPath(import.meta.resolve('@sparticuz/chromium')), '../../bin')
  const folder = join(tmpdir(), `rota-chromium-${statSync(join(packed, 'chromium.br')).size}`)
  if (existsSync(folder)) return folder
  const aside = await mkdtemp(`${folder}-`)
  // The package unpacks into whatever the temporary folder is at the time.
  const before = process.env.TMPDIR
  process.env.TMPDIR = aside
  try {
    await Promise.all([chromium.executablePath(packed), inflate(join(packed, 'al2023.tar.br'))])
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
  const fonts = `<dir>${join(folder, 'fonts')}</dir><dir>/usr/share/fonts</dir><cachedir>${join(folder, 'cache')}</cachedir>`
  await writeFile(join(aside, 'fonts.conf'), `<?xml version="1.0"?><fontconfig>${fonts}</fontconfig>`)
  await rename(aside, folder).catch(async (error) => {
    await rm(aside, { recursive: true, force: true })
    // Another test file was quicker.
    if (!existsSync(folder)) throw error
  })
  return folder
}
