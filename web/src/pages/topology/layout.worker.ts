import { layoutOf, type Shape } from "./layout";
import type { Layout } from "./place";

/** A shape to lay out, and how one like it was laid out before. */
export interface Order {
  number: number;
  shape: Shape;
  before?: Layout;
}

/** The layout of the order with that number. */
export interface Delivery {
  number: number;
  layout: Layout;
}

self.onmessage = ({ data: { number, shape, before } }: MessageEvent<Order>) => {
  const delivery: Delivery = { number, layout: layoutOf(shape, before) };
  self.postMessage(delivery);
};
