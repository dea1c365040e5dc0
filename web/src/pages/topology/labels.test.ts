import { expect, test } from "vitest";
import type { Link, Traffic } from "./graph";
import { conditionOf, labelOf } from "./labels";

const traffic: Traffic = {
  requests: 20,
  clientErrors: 0,
  serverErrors: 1,
  unanswered: 0,
  errorRate: 0.05,
  p50: 0.01,
  p95: 0.25,
  p99: null,
  connections: 0,
  sent: 1024,
  received: 1024,
  flags: [],
};
const link: Link = { id: "a", from: "b", to: "c", protocols: ["http"], traffic, mutualTLS: 1 };

test("labels tell what was chosen", () => {
  expect(labelOf(link, "rate")).toBe("http 20/s, 5% errors");
  expect(labelOf({ ...link, protocols: ["tcp"] }, "rate")).toBe("tcp 2 KiB/s");
  expect(labelOf({ ...link, protocols: ["mysql"] }, "rate")).toBe("mysql 2 KiB/s");
  expect(labelOf({ ...link, protocols: ["mysql"] }, "p95")).toBe("");
  expect(labelOf({ ...link, protocols: ["grpc", "http"] }, "rate")).toBe("grpc+http 20/s, 5% errors");
  expect(labelOf(link, "p95")).toBe("250 ms");
  expect(labelOf({ ...link, traffic: { ...traffic, p95: null } }, "p95")).toBe("–");
  expect([1, 0, 0.5, undefined].map((mutualTLS) => labelOf({ ...link, mutualTLS }, "security"))).toEqual([
    "mutual TLS",
    "plain text",
    "50% mutual TLS",
    "unknown",
  ]);
});

test("an open circuit breaker is told from other failures", () => {
  expect(conditionOf(traffic)).toBe("failing");
  expect(conditionOf({ ...traffic, flags: [{ flag: "UO", rate: 1 }] })).toBe("tripped");
  expect(conditionOf({ ...traffic, serverErrors: 0 })).toBe("well");
  expect(conditionOf({ ...traffic, serverErrors: 0, requests: 0, sent: 0, received: 0 })).toBe("quiet");
});
