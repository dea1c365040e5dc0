import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { launch, open, schemes } from "./chromium";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const menu = ["Overview", "Topology", "Mesh", "Workloads", "Services", "Gateways", "Istio resources"];

let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

async function show(address: string, scheme?: (typeof schemes)[number]) {
  context = await open(browser, inject("dashboard"), scheme);
  page = await context.newPage();
  complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (problem) => complaints.push(problem.message));
  await page.goto(address);
}

beforeEach(() => show("/overview"));
afterEach(async () => {
  expect(complaints, "what the browser complained about").toEqual([]);
  await context.close();
});

/** Finds what keeps people out (axe-core: serious and critical). */
async function barriers(): Promise<string[]> {
  await page.evaluate(axe);
  const results = (await page.evaluate("axe.run(document)")) as AxeResults;
  return results.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}

async function settled() {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByRole("status", { name: "Loading" }).waitFor({ state: "detached" });
}

/** Replaces all of the editor's text. */
async function write(text: string) {
  await page.locator(".monaco-editor .view-lines").first().click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
}

test.each(schemes)(
  "every menu entry opens, without barriers, in %s",
  async (scheme) => {
    await context.close();
    await show("/overview", scheme);
    for (const entry of menu) {
      await page.getByRole("link", { name: entry, exact: true }).first().click();
      await page.getByRole("heading", { level: 1, name: entry }).waitFor();
      await settled();
      expect(await barriers(), entry).toEqual([]);
    }
  },
  180_000,
);

test("one gets from a service down to the node, and sees the pod's log as it is written", async () => {
  await page.goto("/services?namespace=smm-demo");
  await page.getByRole("link", { name: "catalog", exact: true }).click();
  await page.getByRole("link", { name: "catalog-v1", exact: true }).click();
  await page.getByRole("link", { name: /^catalog-v1-/ }).click();
  await page.getByRole("button", { name: "Show pod logs" }).click();
  await page
    .getByRole("log")
    .filter({ hasText: /\d\d:\d\d:\d\d/ })
    .waitFor();
  expect(await barriers()).toEqual([]);
  await page.getByRole("link", { name: "c1-node" }).click();
  await page.getByText("Conditions").waitFor();
  expect(new URL(page.url()).searchParams.get("namespace")).toBe("smm-demo");
});

test("a virtual service is created from a template, edited and deleted", async () => {
  await page.goto(
    "/resources/new?kind=virtualservice.networking.istio.io&template=destination-route&namespace=smm-demo",
  );
  await page.getByRole("button", { name: "Validate" }).click();
  await page.getByText("The API server would take it.").waitFor();
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { level: 1, name: "destination-route" }).waitFor();

  await write(
    "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: destination-route, namespace: smm-demo}, " +
      "spec: {hosts: [movies], http: [{timeout: 3s, route: [{destination: {host: movies, subset: v1}}]}]}}",
  );
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByText("VirtualService destination-route is saved.").waitFor();

  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("VirtualService destination-route is gone.").waitFor();
  await page.getByRole("heading", { level: 1, name: "Istio resources" }).waitFor();
});

test("what is wrong with a text is told with its line, and the text stays", async () => {
  await page.goto(
    "/resources/new?kind=virtualservice.networking.istio.io&template=destination-route&namespace=smm-demo",
  );
  await write("apiVersion: networking.istio.io/v1\nkind: [");
  await page.getByRole("button", { name: "Validate" }).click();
  await page
    .getByRole("alert")
    .getByText(/Line \d+:/)
    .first()
    .waitFor();
  await write(
    "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: bad, namespace: smm-demo}, spec: {hosts: 7}}",
  );
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("dialog", { name: "Validation failed" }).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.locator(".view-lines").getByText("VirtualService").first().waitFor();
});

test("the keyboard alone finds an object", async () => {
  await settled();
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: "Name of an object" });
  await field.fill("catalog-v1");
  await page.getByRole("option").first().waitFor();
  expect(await barriers()).toEqual([]);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "catalog-v1" }).waitFor();
});

test("a lost server is told, and what was typed stays", async () => {
  await page.goto("/resources/new?kind=virtualservice.networking.istio.io&template=retry&namespace=smm-demo");
  await page.locator(".view-lines").getByText("retries").waitFor();
  await context.setOffline(true);
  await page.getByRole("button", { name: "Validate" }).click();
  await page.getByText("What you typed is still here.").waitFor();
  await page.locator(".view-lines").getByText("retries").waitFor();
  await context.setOffline(false);
  await page.getByRole("button", { name: "Validate" }).click();
  await page.getByText("The API server would take it.").waitFor();
  complaints = complaints.filter((text) => !text.includes("ERR_INTERNET_DISCONNECTED"));
});
