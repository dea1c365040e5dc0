import { expect, test } from "vitest";
import { middleOf, pathOf } from "./path";

const bent = [
  { x: 0, y: 0 },
  { x: 100, y: 0 },
  { x: 100, y: 100 },
];

test("a path goes through its ends with a round corner", () => {
  expect(pathOf(bent)).toBe("M0,0L90,0Q100,0 100,10L100,100");
  expect(pathOf([])).toBe("");
});

test("the middle is half-way along", () => {
  expect(middleOf(bent)).toEqual({ x: 100, y: 0 });
  expect(middleOf(bent.slice(0, 2))).toEqual({ x: 50, y: 0 });
});
