import { expect, test } from "vitest";
import { inSight, keyOf } from "./window";

const size = [1000, 500] as const;

test("moving a little changes nothing, moving far does", () => {
  const start = keyOf([-100, -100, 1], ...size);
  expect(keyOf([-110, -90, 1], ...size)).toBe(start);
  expect(keyOf([-900, -100, 1], ...size)).not.toBe(start);
});

test("all that is seen is in sight, at every scale", () => {
  for (const zoom of [0.45, 0.8, 1, 2]) {
    for (const x of [-3000, -1, 0, 700]) {
      const isSeen = inSight(keyOf([x, 40, zoom], ...size));
      for (const [left, top] of [[0, 0], size] as const) {
        expect(isSeen({ x: (left - x) / zoom, y: (top - 40) / zoom }), `${left},${top} at ${x}, ${zoom}`).toBe(true);
      }
      expect(isSeen({ x: (-x - 600) / zoom - 512, y: 0 })).toBe(false);
    }
  }
});

test("nothing is in sight where nothing could be read", () => {
  expect(inSight(keyOf([0, 0, 0.4], ...size))({ x: 10, y: 10 })).toBe(false);
});
