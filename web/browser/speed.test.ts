import type { Server } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { serveBigMesh } from "./bigMesh";
import { launch, open } from "./chromium";

/** How long memory is watched. */
const minutes = Number(process.env.MINUTES ?? 2);

let browser: Browser;
let big: { address: string; server: Server };

beforeAll(async () => {
  browser = await launch();
  big = await serveBigMesh(inject("dashboard"), 500, 2000);
});
afterAll(async () => {
  await browser?.close();
  big?.server.closeAllConnections();
  big?.server.close();
});

const figures = (what: string, values: Record<string, number>) =>
  console.log(
    `${what}: ${JSON.stringify(values, (_, value) => (typeof value === "number" ? Math.round(value * 10) / 10 : value))}`,
  );

/** Milliseconds from the address to when something is to be seen. */
async function drawn(page: Page, address: string, selector: string): Promise<number> {
  await page.goto(address, { waitUntil: "commit" });
  await page.locator(selector).first().waitFor();
  return page.evaluate(() => performance.now());
}

test("pages are there in time, and load little", async () => {
  const context = await open(browser, inject("dashboard"));
  const page = await context.newPage();
  await drawn(page, "/overview", "h1"); // a warm server
  await context.close();
  const places = { "/overview": "h1", "/topology": ".react-flow__node", "/services": "td" };
  for (const [address, selector] of Object.entries(places)) {
    const fresh = await open(browser, inject("dashboard")); // an empty cache
    const first = await fresh.newPage();
    const useful = await drawn(first, address, selector);
    const paint = await first.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0);
    const scripts = await first.evaluate(() =>
      (performance.getEntriesByType("resource") as PerformanceResourceTiming[])
        .filter(({ name }) => name.endsWith(".js"))
        .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    );
    figures(address, {
      "first contentful paint, ms": paint,
      "first useful paint, ms": useful,
      "JavaScript, KB": scripts / 1024,
    });
    await fresh.close();
    expect(useful, `${address} until it is of use, ms`).toBeLessThan(1_500);
    expect(scripts, `JavaScript of ${address}, bytes`).toBeLessThan(450 * 1024);
  }
}, 120_000);

test("500 nodes and 2,000 edges are laid out in time and move smoothly", async () => {
  const context = await open(browser, big.address);
  const page = await context.newPage();
  await drawn(page, "/topology", ".react-flow__node");
  const layout = await page.evaluate(() => performance.getEntriesByName("topology layout")[0]?.duration ?? Number.NaN);
  const frames = await panned(page);
  figures("500 nodes, 2,000 edges", { "layout, ms": layout, "frames per second while panning": frames });
  await context.close();
  expect(layout, "layout, ms").toBeLessThan(2_000);
  expect(frames, "frames per second while panning").toBeGreaterThan(30);
}, 120_000);

/** Frames per second while the graph is dragged. */
async function panned(page: Page): Promise<number> {
  const counted = page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const start = performance.now();
        let frames = 0;
        const next = () => {
          frames++;
          const took = performance.now() - start;
          if (took < 3_000) {
            requestAnimationFrame(next);
          } else {
            resolve((frames * 1000) / took);
          }
        };
        requestAnimationFrame(next);
      }),
  );
  let done = false;
  void counted.finally(() => {
    done = true;
  });
  await page.mouse.move(700, 500);
  await page.mouse.down();
  for (let step = 0; !done; step++) {
    await page.mouse.move(700 + 150 * Math.sin(step / 8), 500 + 100 * Math.cos(step / 8));
  }
  await page.mouse.up();
  return counted;
}

test(
  "memory does not grow while the graph is followed",
  async () => {
    const context = await open(browser, big.address);
    const page = await context.newPage();
    await drawn(page, "/topology", ".react-flow__node");
    const devtools = await context.newCDPSession(page);
    const used = async () => {
      await devtools.send("HeapProfiler.collectGarbage");
      const { usedSize } = await devtools.send("Runtime.getHeapUsage");
      return usedSize / 1024 / 1024;
    };
    await page.waitForTimeout(20_000); // caches fill
    const before = await used();
    await page.waitForTimeout(minutes * 60_000);
    const after = await used();
    figures(`heap after ${minutes} more minutes of updates each two seconds, MiB`, { before, after });
    await context.close();
    expect(after, "heap, MiB").toBeLessThan(before * 1.1 + 2);
  },
  (minutes + 2) * 60_000,
);
