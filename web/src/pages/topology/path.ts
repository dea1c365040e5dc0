import type { Point } from "./place";

const radius = 10;
const arrow = { length: 7, width: 4 };

/** An SVG path along points, with round corners. */
export function pathOf(points: Point[]): string {
  const [first, ...rest] = points;
  if (!first) {
    return "";
  }
  let path = `M${first.x},${first.y}`;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    const before = index === 0 ? first : rest[index - 1];
    if (!next || !before) {
      path += `L${point.x},${point.y}`;
      return;
    }
    const start = towards(point, before, radius);
    const end = towards(point, next, radius);
    path += `L${start.x},${start.y}Q${point.x},${point.y} ${end.x},${end.y}`;
  });
  return path;
}

/** The arrow's head at the end of points. */
export function arrowOf(points: Point[]): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (!tip || !before) {
    return "";
  }
  const base = towards(tip, before, arrow.length);
  const length = Math.hypot(tip.x - before.x, tip.y - before.y) || 1;
  const across = { x: ((tip.y - before.y) / length) * arrow.width, y: (-(tip.x - before.x) / length) * arrow.width };
  return `M${base.x + across.x},${base.y + across.y}L${tip.x},${tip.y}L${base.x - across.x},${base.y - across.y}`;
}

/** The point half-way along. */
export function middleOf(points: Point[]): Point {
  const lengths = points.slice(1).map((point, index) => distance(points[index] ?? point, point));
  let rest = lengths.reduce((sum, length) => sum + length, 0) / 2;
  for (const [index, length] of lengths.entries()) {
    const from = points[index];
    const to = points[index + 1];
    if (from && to && rest <= length) {
      return towards(from, to, rest);
    }
    rest -= length;
  }
  return points.at(-1) ?? { x: 0, y: 0 };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** The point some way from one towards another, at most half-way there when it is a corner's. */
function towards(from: Point, to: Point, way: number): Point {
  const length = distance(from, to);
  const share = length === 0 ? 0 : Math.min(way, way === radius ? length / 2 : length) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
