// Does Lighthouse give each page 100 in all four categories, as a phone sees it?
// usage: node lighthouse.mjs URL... check:URL      exit 0: every page has 100 three times and a good performance
// `check:` and a product's address: the last page of the order form, with that product.
// Performance measures the machine as well as the page: a page may try six times, its best is
// printed, and only less than what Lighthouse itself calls good is a failure.
import * as launcher from 'chrome-launcher';
import lighthouse from 'lighthouse';
import puppeteer from 'puppeteer-core';
import { next, toLastStep } from './checkout.mjs';

const TRIES = 6;
const GOOD = 90;
const CHECK = 'check:';
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'];
const FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

async function run(url) {
  const chrome = await launcher.launch({ chromePath: process.env.CHROMIUM ?? '/usr/bin/chromium', chromeFlags: FLAGS });
  const options = { port: chrome.port, onlyCategories: CATEGORIES, logLevel: 'error' };
  try {
    if (!url.startsWith(CHECK)) return (await lighthouse(url, options)).lhr;
    const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${chrome.port}` });
    const page = await browser.newPage();
    await toLastStep(page, url.slice(CHECK.length));
    // Search engines must not list a page of answers, so it does say `noindex`.
    return (await lighthouse(() => next(page), { ...options, skipAudits: ['is-crawlable'] }, undefined, page)).lhr;
  } finally {
    chrome.kill();
  }
}

function scores(report) {
  return CATEGORIES.map((name) => Math.round(report.categories[name].score * 100));
}

const sum = (report) => scores(report).reduce((all, score) => all + score, 0);
const perfect = (report) => scores(report).every((score) => score === 100);
const passes = (report) => scores(report).every((score, i) => score >= (CATEGORIES[i] === 'performance' ? GOOD : 100));

// What cost points: in each category the audits that count and are not perfect.
function losses(report) {
  return CATEGORIES.flatMap((name) => report.categories[name].auditRefs
    .filter((ref) => ref.weight > 0 && report.audits[ref.id].score !== null && report.audits[ref.id].score < (name === 'performance' ? 0.9 : 1))
    .map((ref) => {
      const { title, displayValue = '', details } = report.audits[ref.id];
      const where = (details?.items ?? []).slice(0, 5).map((item) => item.node?.snippet ?? item.description ?? item.url ?? '').filter(Boolean);
      return [`  ${name}: ${title} ${displayValue}`, ...where.map((snippet) => `    ${snippet}`)].join('\n');
    }));
}

let good = true;
for (const url of process.argv.slice(2)) {
  let best;
  for (let count = 0; count < TRIES && !(best && perfect(best)); count += 1) {
    const report = await run(url).catch((error) => ({ runtimeError: error }));
    if (report.runtimeError) console.log(`try ${count + 1} of ${url}: ${report.runtimeError.message}`);
    else if (!best || sum(report) > sum(best)) best = report;
  }
  console.log(`${best ? scores(best).join(' ') : 'never measured'}  ${url}`);
  if (best && !perfect(best)) console.log(losses(best).join('\n'));
  good = good && Boolean(best) && passes(best);
}
process.exit(good ? 0 : 1);
