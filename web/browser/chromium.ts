import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The Chromium that is installed; undefined where there is none. */
export const executable = process.env.CHROMIUM ?? places.find((place) => existsSync(place));

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: executable,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-sync",
      "--disable-component-update",
    ],
  });
}

export const schemes = ["light", "dark"] as const;

/** A fresh window in light or dark. */
export function open(
  browser: Browser,
  address: string,
  scheme: (typeof schemes)[number] = "light",
): Promise<BrowserContext> {
  return browser.newContext({
    baseURL: address,
    colorScheme: scheme,
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    permissions: ["clipboard-read", "clipboard-write"],
  });
}
