import { expect, test } from "vitest";
import { formatAge, formatBytes, formatNumber, formatSeconds, formatShare } from "./format";

test("numbers have about three digits", () => {
  expect([0, 0.001, 0.123, 1.234, 12.34, 1234.5].map(formatNumber)).toEqual([
    "0",
    "<0.01",
    "0.12",
    "1.23",
    "12.3",
    "1,235",
  ]);
});

test("what is not known is no zero", () => {
  expect([formatShare(null), formatSeconds(undefined), formatBytes(null)]).toEqual(["–", "–", "–"]);
});

test("units follow the size", () => {
  expect(formatSeconds(0.0123)).toBe("12.3 ms");
  expect(formatSeconds(2.5)).toBe("2.5 s");
  expect(formatBytes(3 * 1024 * 1024)).toBe("3 MiB");
  expect(formatShare(0.051)).toBe("5.1%");
});

test("an age has one unit", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(formatAge("2026-01-01T23:59:01Z", now)).toBe("59s");
  expect(formatAge("2025-12-30T00:00:00Z", now)).toBe("3d");
});
