import { expect, test } from "vitest";
import { meansHost } from "./hosts";

test.each([
  ["cart", "shop", true],
  ["cart", "other", false],
  ["cart.shop", "other", true],
  ["cart.shop.svc.cluster.local", "other", true],
  ["cart.other.svc.cluster.local", "shop", false],
])("%s in %s", (host, from, expected) => {
  expect(meansHost(host, from, { name: "cart", namespace: "shop" })).toBe(expected);
});
