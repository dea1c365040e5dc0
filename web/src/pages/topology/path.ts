import type { Point } from "./place";

const arrow = { length: 7, width: 4 };

/** An SVG path along points. Pieces that lead to the right begin and end level, so that they can be followed by eye. */
export function pathOf(points: Point[]): string {
  const [first, ...rest] = points;
  if (!first) {
    return "";
  }
  let path = `M${first.x},${first.y}`;
  let from = first;
  for (const to of rest) {
    const half = (from.x + to.x) / 2;
    path += leadsRight(from, to) ? `C${half},${from.y} ${half},${to.y} ${to.x},${to.y}` : `L${to.x},${to.y}`;
    from = to;
  }
  return path;
}

function leadsRight(from: Point, to: Point): boolean {
  return to.x > from.x && to.y !== from.y;
}

/** The arrow's head at the end of points. */
export function arrowOf(points: Point[]): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (!tip || !before) {
    return "";
  }
  const back = leadsRight(before, tip) ? { x: -1, y: 0 } : direction(tip, before);
  const base = { x: tip.x + back.x * arrow.length, y: tip.y + back.y * arrow.length };
  const across = { x: -back.y * arrow.width, y: back.x * arrow.width };
  return `M${base.x + across.x},${base.y + across.y}L${tip.x},${tip.y}L${base.x - across.x},${base.y - across.y}`;
}

/** Where there is most room for a label: the middle of the widest piece. */
export function middleOf(points: Point[]): Point {
  let widest = -1;
  let middle = points[0] ?? { x: 0, y: 0 };
  points.slice(1).forEach((to, index) => {
    const from = points[index] ?? to;
    const width = Math.abs(to.x - from.x);
    if (width > widest) {
      widest = width;
      middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    }
  });
  return middle;
}

function direction(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
}
