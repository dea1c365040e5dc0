import { IconLock, IconLockOpen, IconPlugConnectedX } from "@tabler/icons-react";
import { useStore, ViewportPortal } from "@xyflow/react";
import { memo } from "react";
import classes from "./Edges.module.css";
import type { Graph, Link } from "./graph";
import { type Condition, conditionOf, type LabelKind, labelOf } from "./labels";
import { arrowOf, middleOf, pathOf } from "./path";
import type { Layout, Point } from "./place";
import { inSight, keyOf } from "./window";

interface Props {
  graph: Graph;
  layout: Layout;
  label: LabelKind;
}

/** All traffic, along the layout's routes. It is one picture: thousands of elements to lay out would stop the browser. */
export function Edges({ graph, layout, label }: Props) {
  const drawn = graph.links.flatMap((link) => {
    const points = layout.routes.get(link.id);
    return points && points.length > 1 ? [{ link, points, condition: conditionOf(link.traffic) }] : [];
  });
  return (
    <ViewportPortal>
      <svg className={classes.edges} aria-hidden>
        {drawn.map(({ link, points, condition }) => (
          <Route key={link.id} points={points} condition={condition} />
        ))}
      </svg>
      {label !== "none" && <Labels of={drawn} kind={label} />}
    </ViewportPortal>
  );
}

const Route = memo(function Route({ points, condition }: { points: Point[]; condition: Condition }) {
  return (
    <g className={classes.edge} data-condition={condition}>
      <path d={pathOf(points)} />
      <path d={arrowOf(points)} />
    </g>
  );
});

interface Drawn {
  link: Link;
  points: Point[];
  condition: Condition;
}

/** The labels that are near what is seen, once they are large enough to be read. */
function Labels({ of: all, kind }: { of: Drawn[]; kind: LabelKind }) {
  const seen = useStore(({ transform, width, height }) => keyOf(transform, width, height));
  const isSeen = inSight(seen);
  return all
    .map((drawn) => ({ ...drawn, middle: middleOf(drawn.points) }))
    .filter(({ condition, middle }) => condition !== "quiet" && isSeen(middle))
    .map(({ link, condition, middle }) => (
      <Label
        key={link.id}
        x={middle.x}
        y={middle.y}
        condition={condition}
        text={labelOf(link, kind)}
        lock={kind === "security" && link.mutualTLS !== undefined ? lockOf(link.mutualTLS) : undefined}
      />
    ));
}

type Lock = "closed" | "open";

const lockOf = (share: number): Lock => (share === 1 ? "closed" : "open");

interface LabelProps extends Point {
  condition: Condition;
  text: string;
  lock?: Lock;
}

const Label = memo(function Label({ x, y, condition, text, lock }: LabelProps) {
  return (
    <div className={classes.middle} style={{ left: x, top: y }}>
      <div className={classes.label} data-condition={condition} data-lock={lock}>
        {condition === "tripped" && <IconPlugConnectedX size={12} aria-label="Circuit breaker open" />}
        {lock === "closed" && <IconLock size={12} aria-hidden />}
        {lock === "open" && <IconLockOpen size={12} aria-hidden />}
        {text}
      </div>
    </div>
  );
});
