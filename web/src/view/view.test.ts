import { expect, test } from "vitest";
import { filterOf, readView, writeView } from "./view";

test("a view survives the way into the address and back", () => {
  const view = { clusters: ["c1", "c2"], namespaces: ["shop"], at: "2026-01-02T03:04:00Z" };
  expect(readView(writeView(view))).toEqual(view);
});

test("what else is in the address stays", () => {
  const search = writeView(
    { clusters: [], namespaces: ["b"] },
    new URLSearchParams("select=x&namespace=a&at=2026-01-02T03:04:00Z"),
  );
  expect(search.toString()).toBe("select=x&namespace=b");
});

test("a time that is none is ignored", () => {
  expect(readView(new URLSearchParams("at=yesterday")).at).toBeUndefined();
});

test("what restricts nothing is not sent", () => {
  expect(filterOf({ clusters: [], namespaces: [] })).toEqual({});
});
