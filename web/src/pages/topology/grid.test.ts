import { expect, test } from "vitest";
import type { Graph, Item, Link } from "./graph";
import { gridLayout } from "./grid";

const item = (id: string, parent?: string) => ({ id, parent, label: id }) as Item;
const link = (from: string, to: string) => ({ id: `${from}>${to}`, from, to }) as Link;
const box = (id: string, parent?: string) => ({ id, kind: "namespace" as const, label: id, parent, folded: false });

test("callers stand left of what they call, boxes around what is in them", () => {
  const graph: Graph = {
    boxes: [box("shop"), box("bank")],
    items: [item("front", "shop"), item("cart", "shop"), item("ledger", "bank"), item("outside")],
    links: [link("front", "cart"), link("cart", "ledger"), link("cart", "front"), link("ledger", "outside")],
  };
  const { places, routes } = gridLayout(graph);
  const x = (id: string) => places.get(id)?.x ?? Number.NaN;
  expect(x("front")).toBeLessThan(x("cart"));
  expect(x("shop")).toBeLessThan(x("bank"));
  expect(x("bank")).toBeLessThan(x("outside"));
  const shop = places.get("shop");
  const cart = places.get("cart");
  expect(shop && cart && cart.x + cart.width <= shop.width && cart.y + cart.height <= shop.height).toBe(true);
  expect(routes.get("cart>ledger")).toHaveLength(2);
});

test("500 nodes with 2,000 edges are laid out at once, and nothing overlaps", () => {
  const boxes = Array.from({ length: 10 }, (_, index) => box(`ns${index}`));
  const items = Array.from({ length: 500 }, (_, index) => item(`n${index}`, `ns${index % 10}`));
  const links = Array.from({ length: 2000 }, (_, index) => link(`n${(index * 7) % 500}`, `n${(index * 13 + 1) % 500}`));
  const start = performance.now();
  const { places } = gridLayout({ boxes, items, links });
  expect(performance.now() - start).toBeLessThan(2_000);
  for (const { id } of boxes) {
    const inside = items.filter(({ parent }) => parent === id).map((one) => places.get(one.id));
    const overlapping = inside.filter((a, index) =>
      inside
        .slice(index + 1)
        .some(
          (b) => a && b && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
        ),
    );
    expect(overlapping).toEqual([]);
  }
});
