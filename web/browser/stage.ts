import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import { launch, open, type schemes } from "./chromium";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A browser for the tests of a file, with a window for each. */
export class Stage {
  context!: BrowserContext;
  page!: Page;
  /** What the browser complains about; a test takes out what it expects. */
  complaints: string[] = [];
  private browser!: Browser;

  constructor() {
    beforeAll(async () => {
      this.browser = await launch();
    });
    afterAll(() => this.browser?.close());
    afterEach(async () => {
      const complaints = this.complaints;
      this.complaints = [];
      await this.context?.close();
      expect(complaints, "what the browser complained about").toEqual([]);
    });
  }

  /** Opens an address in a fresh window. */
  async show(address: string, { scheme, server }: { scheme?: (typeof schemes)[number]; server?: string } = {}) {
    await this.context?.close();
    this.context = await open(this.browser, server ?? inject("dashboard"), scheme);
    this.page = await this.context.newPage();
    this.page.on("console", (message) => message.type() === "error" && this.complaints.push(message.text()));
    this.page.on("pageerror", (problem) => this.complaints.push(problem.message));
    await this.page.goto(address);
  }

  /** Forgets complaints that a test brought about. */
  forgive(expected: RegExp) {
    this.complaints = this.complaints.filter((text) => !expected.test(text));
  }

  /** Waits until a page has what it shows. */
  async settled(heading?: string) {
    await this.page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
    await this.page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
  }

  /** Finds what keeps people out (axe-core: serious and critical). */
  async barriers(): Promise<string[]> {
    // While a colour changes, its contrast is that of no state.
    await this.page.evaluate(() =>
      Promise.allSettled(
        document
          .getAnimations()
          .filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
          .map(({ finished }) => finished),
      ).then(() => undefined),
    );
    await this.page.evaluate(axe);
    const results = (await this.page.evaluate("axe.run(document)")) as AxeResults;
    return results.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  }

  /** Replaces all of the editor's text, by pasting: of what is typed, the editor closes the brackets. */
  async write(text: string) {
    await this.page.locator(".monaco-editor .view-lines").first().click();
    await this.page.keyboard.press("Control+A");
    await this.page.evaluate((pasted) => navigator.clipboard.writeText(pasted), text);
    await this.page.keyboard.press("Control+V");
  }

  /** The editor's text as far as it is to be seen. */
  async written(text: string) {
    await this.page.locator(".view-lines").getByText(text).first().waitFor();
  }
}
