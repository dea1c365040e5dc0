import { expect, test } from "vitest";
import { dashboardOf, tracesOf } from "./tools";

test("links lead to what is about the object", () => {
  expect(dashboardOf("https://g.example/", "service:c1:shop:cart")).toBe(
    "https://g.example/d/LJ_uJAvmk/istio-service-dashboard?var-service=cart.shop.svc.cluster.local",
  );
  expect(dashboardOf("https://g.example", "deployment.apps:c1:shop:cart-v1")).toBe(
    "https://g.example/d/UbsSZTDik/istio-workload-dashboard?var-namespace=shop&var-workload=cart-v1",
  );
  expect(tracesOf("https://j.example/jaeger", "deployment.apps:c1:shop:cart-v1", "cart")).toBe(
    "https://j.example/jaeger/search?service=cart.shop",
  );
});
