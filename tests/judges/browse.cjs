/* Opens a site from the disk in a real browser and says what it found, as JSON: node browse.cjs '{"driver", "axe", "chromium", "site", "pages", "shots"}' */
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const given = JSON.parse(process.argv[2]);
const { chromium } = require(given.driver);
const axe = fs.readFileSync(given.axe, "utf8");
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const address = (page) => pathToFileURL(path.join(given.site, page)).href;

function watch(page, said) {
  page.on("console", (message) => { if (message.type() === "error" || message.type() === "warning") said.push(message.text()); });
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => { if (!/^(file|data):/.test(request.url())) said.push(`asked for ${request.url()}`); });
}

async function judged(page) {
  await page.evaluate(axe);
  const found = await page.evaluate((rules) => window.axe.run(document, { runOnly: { type: "tag", values: rules }, preload: false }), RULES);
  return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | ")}`);
}

async function everyPage(browser, out) {
  for (const [name, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport, colorScheme });
      const page = await context.newPage();
      const said = [];
      watch(page, said);
      for (const one of given.pages) {
        const where = `${one} ${name} ${colorScheme}`;
        said.length = 0;
        await page.goto(address(one), { waitUntil: "load" });
        for (const text of await judged(page)) out.violations.push(`${where}: ${text}`);
        for (const text of said) out.said.push(`${where}: ${text}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) out.wide.push(`${where}: ${wide}`);
        if (given.shots) {
          const file = `${one.replace(/[^a-z0-9]+/gi, "-")}-${name}-${colorScheme}.png`;
          await page.screenshot({ path: path.join(given.shots, file), fullPage: false });
        }
        out.seen += 1;
      }
      await context.close();
    }
  }
}

async function byKeyboard(browser, out) {
  const page = await browser.newPage({ viewport: SIZES.desktop });
  const said = [];
  watch(page, said);
  await page.goto(address("index.html"));
  await page.keyboard.press("/");
  await page.keyboard.type(given.search.words);
  await page.waitForSelector("#found li");
  out.search = await page.$$eval("#found li", (items) => items.map((item) => item.firstChild.textContent));
  out.expanded = await page.getAttribute("#q", "aria-expanded");
  await page.keyboard.press("ArrowDown");
  out.active = await page.evaluate(() => document.getElementById(document.getElementById("q").getAttribute("aria-activedescendant")).getAttribute("aria-selected"));
  out.violations.push(...(await judged(page)).map((text) => `search open: ${text}`));
  await Promise.all([page.waitForURL(/repos|people|sigs/), page.keyboard.press("Enter")]);
  out.arrived = decodeURIComponent(page.url()).slice(address("").length).replace(/^\//, "");

  await page.goto(address("repositories.html"));
  await page.fill("#f-repos", given.search.words);
  out.filtered = await page.$$eval("#repos tbody tr", (rows) => rows.filter((row) => !row.hidden).length);
  out.told = await page.textContent(".filter output");

  await page.goto(address(given.matrix));
  const cells = await page.$$eval("#matrix td a", (links) => links.map((link) => link.tabIndex));
  out.stops = cells.filter((number) => number === 0).length;
  await page.focus("#matrix td a");
  await page.waitForSelector(".panel:not([hidden])");
  out.first = await page.textContent(".panel h2");
  await page.keyboard.press("ArrowDown");
  out.second = await page.textContent(".panel h2");
  out.why = (await page.textContent(".panel .by")).trim();
  out.violations.push(...(await judged(page)).map((text) => `matrix explained: ${text}`));
  if (given.shots) await page.screenshot({ path: path.join(given.shots, "matrix-explained.png") });
  await page.keyboard.press("Escape");
  out.closed = await page.isHidden(".panel");
  out.said.push(...said.map((text) => `keyboard: ${text}`));
  await page.close();

  const plain = await browser.newContext({ javaScriptEnabled: false });
  const still = await plain.newPage();
  await still.goto(address(given.matrix));
  out.still = await still.locator("#why article").count();
  out.hidden = await still.locator(".search").isHidden();
  await still.locator("#matrix td a").first().click();
  out.jumped = new URL(still.url()).hash;
  await plain.close();
}

(async () => {
  const out = { seen: 0, violations: [], said: [], wide: [] };
  const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    await everyPage(browser, out);
    await byKeyboard(browser, out);
  } finally {
    await browser.close();
  }
  process.stdout.write(JSON.stringify(out));
})().catch((error) => { process.stderr.write(`${error.stack}\n`); process.exit(1); });
