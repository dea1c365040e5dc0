import { IconLock, IconLockOpen, IconPlugConnectedX } from "@tabler/icons-react";
import { EdgeLabelRenderer } from "@xyflow/react";
import { memo } from "react";
import classes from "./Canvas.module.css";
import type { Condition } from "./labels";
import { arrowOf, middleOf, pathOf } from "./path";
import type { Point } from "./place";

export interface RouteData {
  points: Point[];
  condition: Condition;
  label: string;
  /** Share with mutual TLS, where the label tells it. */
  lock?: number;
}

/** Traffic from one node to another, along the layout's route. */
export const RouteEdge = memo(function RouteEdge({ id, data }: { id: string; data?: RouteData }) {
  if (!data) {
    return null;
  }
  const { points, condition, label, lock } = data;
  const middle = middleOf(points);
  const locked = lock === undefined ? undefined : lock === 1 ? "closed" : "open";
  return (
    <>
      <path id={id} className={classes.edge} data-condition={condition} d={pathOf(points)} />
      <path
        className={classes.edge}
        data-condition={condition}
        d={arrowOf(points)}
        style={{ strokeDasharray: "none" }}
      />
      {label && (
        <EdgeLabelRenderer>
          <div
            className={classes.label}
            data-condition={condition}
            data-lock={locked}
            style={{ transform: `translate(-50%, -50%) translate(${middle.x}px, ${middle.y}px)` }}
          >
            {condition === "tripped" && <IconPlugConnectedX size={12} aria-label="Circuit breaker open" />}
            {locked === "closed" && <IconLock size={12} aria-hidden />}
            {locked === "open" && <IconLockOpen size={12} aria-hidden />}
            {label}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
