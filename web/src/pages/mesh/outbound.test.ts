import { expect, test } from "vitest";
import { parse } from "yaml";
import { findSidecar, readMode, writeMode } from "./outbound";

test("a mode is written, found, read and taken away again", () => {
  const yaml = writeMode(undefined, "shop", "REGISTRY_ONLY") ?? "";
  expect(parse(yaml)).toMatchObject({ kind: "Sidecar", metadata: { name: "default", namespace: "shop" } });
  expect(readMode(yaml)).toBe("REGISTRY_ONLY");
  expect(findSidecar([{ cluster: "c1", namespace: "shop", yaml }], { cluster: "c1", name: "shop" })?.yaml).toBe(yaml);
  expect(findSidecar([{ cluster: "c2", namespace: "shop", yaml }], { cluster: "c1", name: "shop" })).toBeUndefined();
  expect(writeMode(yaml, "shop", "DEFAULT")).toBeUndefined();
});

test("what else a sidecar says stays", () => {
  const yaml = "kind: Sidecar\nspec: {egress: [{hosts: [./*]}], outboundTrafficPolicy: {mode: ALLOW_ANY}}";
  expect(parse(writeMode(yaml, "shop", "DEFAULT") ?? "").spec).toEqual({ egress: [{ hosts: ["./*"] }] });
});

test("a sidecar for some workloads is not the namespace's", () => {
  const yaml = "kind: Sidecar\nspec: {workloadSelector: {labels: {app: a}}}";
  expect(findSidecar([{ cluster: "c1", namespace: "shop", yaml }], { cluster: "c1", name: "shop" })).toBeUndefined();
});
