// Do an HTML validator and pa11y's HTML_CodeSniffer accept every kind of page, in three languages?
// usage: node pages.mjs http://127.0.0.1:8000 SERVER-LOG      exit 0: neither has a complaint
// The routes and for whom they are stand in docs/access-control.md: those for everybody are opened
// by a guest who has ordered something, the others by the first member of staff.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { HtmlValidate } from 'html-validate';
import pa11y from 'pa11y';
import puppeteer from 'puppeteer-core';
import { press, toLastStep } from './checkout.mjs';

const [base, log] = process.argv.slice(2);
const [, email, password, key] = fs.readFileSync(log, 'utf8').match(/^Staff: (\S+) (\S+) TOTP (\S+)/m);
const ROUTE = /^\| `(\S+)` \| GET[^|]*\|[^|]*\| (everybody \|)?/gm;
const TABS = 2;
const validator = new HtmlValidate({
  extends: ['html-validate:standard', 'html-validate:a11y'],
  rules: {
    // The summary of mistakes stands before the heading of the page, as it is read first.
    'heading-level': ['error', { minInitialRank: 'h2' }],
    // A button without a type submits, which is meant.
    'no-implicit-button-type': 'off',
    // A table that scrolls is a region, and no section of the outline.
    'prefer-native-element': ['error', { exclude: ['region'] }],
  },
});
let [pages, faults] = [0, 0];

function code(secret) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((one) => alphabet.indexOf(one).toString(2).padStart(5, '0')).join('');
  const bytes = Buffer.from(bits.match(/.{8}/g).map((one) => parseInt(one, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = crypto.createHmac('sha1', bytes).update(step).digest();
  const at = digest.at(-1) & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

// Judges the page that `answer` brought; what is no page of HTML is left out.
async function judge(page, answer) {
  if (!answer?.headers()['content-type']?.startsWith('text/html') || ![200, 422].includes(answer.status())) return;
  const report = await validator.validateString(await answer.text());
  const sniffed = await pa11y(page.url(), { browser, page, ignoreUrl: true, standard: 'WCAG2AA', timeout: 60_000 });
  const found = [
    ...report.results.flatMap((one) => one.messages).map((one) => `${one.ruleId} (line ${one.line}): ${one.message}`),
    ...sniffed.issues.map((one) => `${one.code}: ${one.message} ${one.context}`),
  ];
  pages += 1;
  faults += found.length;
  if (found.length) console.log([page.url(), ...new Set(found)].join('\n  '));
}

async function signIn(page) {
  await page.goto(`${base}/account/login`);
  await page.type('main [name=email]', email);
  await page.type('main [name=password]', password);
  await judge(page, await press(page, 'main form .button'));
  await page.type('main [name=code]', code(key));
  await press(page, 'main form .button');
}

async function order(page) {
  const product = `${base}/product/enamel-teapot`;
  const send = 'main form:has([name=consent]) .button';
  const seen = (answer) => judge(page, answer);
  await toLastStep(page, product, seen);
  await seen(await press(page, 'main button[name=go]'));
  await seen(await press(page, send));
  await page.click('main [name=consent]');
  await press(page, send);
  const number = new URL(page.url()).pathname.split('/').at(-1);
  await page.goto(product);
  await press(page, 'main form[action$="/cart/"] button');
  return number;
}

function paths(number) {
  const values = { day: '2026-11-01', a: '2022-08-04', b: '2026-11-01', identity: 'm2eekhmg', dimension: 'path' };
  const routes = [...fs.readFileSync(new URL('../docs/access-control.md', import.meta.url), 'utf8').matchAll(ROUTE)];
  const filled = (route) => route.replace(/<(?:[^:>]*:)?(\w+)>/g, (whole, name) => {
    if (name === 'slug') return route.includes('product') ? 'enamel-teapot' : 'kitchen';
    if (name === 'number') return route.includes('/orders/') ? number : route.includes('policy/<day>') ? '3.3' : '1';
    return values[name] ?? whole;
  });
  return routes.map(([, route, open]) => ({ path: filled(route), who: open ? guests : staff }))
    .filter(({ path }) => !path.includes('<') && !/\.\w+$/.test(path));
}

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--blink-settings=imagesEnabled=false', '--no-sandbox', '--headless=new', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const [guests, staff] = [await browser.createBrowserContext(), await browser.createBrowserContext()];
const number = await order(await guests.newPage());
await signIn(await staff.newPage());
const left = ['', '/kk', '/en'].flatMap((prefix) => paths(number).map(({ path, who }) => ({ address: base + prefix + path, who })));

async function work() {
  const tabs = new Map([[guests, await guests.newPage()], [staff, await staff.newPage()]]);
  for (let one = left.shift(); one; one = left.shift()) {
    const page = tabs.get(one.who);
    await judge(page, await page.goto(one.address).catch(() => null));
  }
}

await Promise.all(Array.from({ length: TABS }, work));
await browser.close();
console.log(`${pages} pages, ${faults} complaints of the HTML validator and of HTML_CodeSniffer`);
process.exit(faults || pages < 150 ? 1 : 0);
