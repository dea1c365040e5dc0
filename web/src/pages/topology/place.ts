export interface Point {
  x: number;
  y: number;
}

export interface Rectangle extends Point {
  width: number;
  height: number;
}

/** Where everything is: boxes and nodes within their parents, edges on the whole. */
export interface Layout {
  places: Map<string, Rectangle>;
  routes: Map<string, Point[]>;
}

/** The room that a node takes. */
export function sizeOf(label: string): { width: number; height: number } {
  return { width: Math.min(230, Math.max(120, 58 + label.length * 7.5)), height: 44 };
}
