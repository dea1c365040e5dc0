import { expect, test } from "vitest";
import { arrowOf, middleOf, pathOf } from "./path";

test("a piece that leads to the right begins and ends level, another is straight", () => {
  expect(
    pathOf([
      { x: 0, y: 0 },
      { x: 100, y: 50 },
      { x: 100, y: 0 },
    ]),
  ).toBe("M0,0C50,0 50,50 100,50L100,0");
});

test("an arrow ends at the last point, level", () => {
  expect(
    arrowOf([
      { x: 0, y: 0 },
      { x: 10, y: 30 },
    ]),
  ).toBe("M3,26L10,30L3,34");
});

test("a label stands in the middle of the widest piece", () => {
  expect(
    middleOf([
      { x: 0, y: 0 },
      { x: 0, y: 10 },
      { x: 30, y: 10 },
    ]),
  ).toEqual({ x: 15, y: 10 });
});
