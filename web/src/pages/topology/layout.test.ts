import { expect, test } from "vitest";
import { layoutOf, type Shape } from "./layout";
import type { Layout, Rectangle } from "./place";

const item = (id: string, parent?: string) => ({ id, parent, label: id });
const link = (from: string, to: string) => ({ id: `${from}>${to}`, from, to });
const box = (id: string, parent?: string) => ({ id, parent, label: id, folded: false });

const shop: Shape = {
  boxes: [box("shop"), box("bank")],
  items: [item("front", "shop"), item("cart", "shop"), item("ledger", "bank"), item("outside"), item("idle", "shop")],
  links: [
    link("front", "cart"),
    link("front", "ledger"),
    link("cart", "ledger"),
    link("cart", "front"),
    link("ledger", "outside"),
    link("front", "outside"),
  ],
};

function placeOf({ places }: Layout, id: string): Rectangle {
  const place = places.get(id);
  if (!place) {
    throw new Error(`${id} has no place`);
  }
  return place;
}

const overlap = (a: Rectangle, b: Rectangle) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test("callers stand left of what they call, boxes around what is in them", () => {
  const layout = layoutOf(shop);
  const x = (id: string) => placeOf(layout, id).x;
  expect(x("front")).toBeLessThan(x("cart"));
  expect(x("shop")).toBeLessThan(x("bank"));
  expect(x("bank")).toBeLessThan(x("outside"));
  const outer = placeOf(layout, "shop");
  for (const id of ["front", "cart", "idle"]) {
    const inside = placeOf(layout, id);
    expect(inside.x >= 0 && inside.x + inside.width <= outer.width, id).toBe(true);
    expect(inside.y >= 0 && inside.y + inside.height <= outer.height, id).toBe(true);
  }
});

test("a call leads around what it passes by", () => {
  const layout = layoutOf(shop);
  const bank = placeOf(layout, "bank");
  const [, passing] = layout.routes.get("front>outside") ?? [];
  expect(passing && (passing.y < bank.y || passing.y > bank.y + bank.height)).toBe(true);
});

test("the same shape is laid out the same, and one more node leaves the order of the others", () => {
  const layout = layoutOf(shop);
  expect(layoutOf(shop, layout)).toEqual(layout);
  const more = layoutOf(
    { ...shop, items: [...shop.items, item("new", "bank")], links: [...shop.links, link("cart", "new")] },
    layout,
  );
  expect(placeOf(more, "front").x).toBe(placeOf(layout, "front").x);
  expect(placeOf(more, "cart").y).toBe(placeOf(layout, "cart").y);
});

test("500 nodes with 2,000 edges are laid out in time, and nothing overlaps", () => {
  const boxes = Array.from({ length: 10 }, (_, index) => box(`ns${index}`));
  const items = Array.from({ length: 500 }, (_, index) => item(`n${index}`, `ns${index % 10}`));
  const links = Array.from({ length: 2000 }, (_, index) => link(`n${(index * 7) % 500}`, `n${(index * 13 + 1) % 500}`));
  const start = performance.now();
  const layout = layoutOf({ boxes, items, links });
  expect(performance.now() - start).toBeLessThan(2_000);
  for (const { id } of boxes) {
    const inside = items.filter(({ parent }) => parent === id).map((one) => placeOf(layout, one.id));
    expect(inside.filter((a, index) => inside.slice(index + 1).some((b) => overlap(a, b)))).toEqual([]);
  }
});
