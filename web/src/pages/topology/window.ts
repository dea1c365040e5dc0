import type { Point } from "./place";

/** Below, labels could not be read. */
export const readableZoom = 0.45;

/** The graph is cut into squares; what is in one that is seen in part is drawn. */
const square = 512;

/** How the graph is moved and scaled. */
export type Transform = [x: number, y: number, zoom: number];

/**
 * The squares of the graph that are in sight, as text, so that it is the same until another comes into sight. It is
 * empty while nothing could be read.
 */
export function keyOf([x, y, zoom]: Transform, width: number, height: number): string {
  if (zoom < readableZoom) {
    return "";
  }
  const squareAt = (pixels: number) => Math.floor(pixels / zoom / square);
  return [squareAt(-x), squareAt(-y), squareAt(width - x), squareAt(height - y)].join();
}

/** Tells of points of the graph whether they are in the squares of a key. */
export function inSight(key: string): (point: Point) => boolean {
  const [left, top, right, bottom] = key.split(",").map((index) => Number(index) * square);
  if (left === undefined || top === undefined || right === undefined || bottom === undefined) {
    return () => false;
  }
  return ({ x, y }) => x >= left && y >= top && x < right + square && y < bottom + square;
}
