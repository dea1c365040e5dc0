import { UnstyledButton } from "@mantine/core";
import {
  IconAlertTriangle,
  IconBox,
  IconBoxMultiple,
  IconChevronDown,
  IconChevronRight,
  IconCircleOff,
  IconDeviceDesktop,
  IconDoorEnter,
  IconHelpCircle,
  IconServer2,
  IconWorld,
  IconWorldQuestion,
} from "@tabler/icons-react";
import type { NodeProps } from "@xyflow/react";
import { createContext, memo, useContext } from "react";
import classes from "./Canvas.module.css";
import type { BoxNodeType, ItemNodeType } from "./flow";

export const kindIcons = {
  WORKLOAD: IconBox,
  GATEWAY: IconDoorEnter,
  SERVICE: IconServer2,
  EXTERNAL: IconWorld,
  PASSTHROUGH: IconWorldQuestion,
  BLACK_HOLE: IconCircleOff,
  UNKNOWN: IconHelpCircle,
};

export const kindNames = {
  WORKLOAD: "Workload",
  GATEWAY: "Gateway",
  SERVICE: "Service",
  EXTERNAL: "External service",
  PASSTHROUGH: "Unknown host, let through",
  BLACK_HOLE: "Unknown host, refused",
  UNKNOWN: "Unknown caller",
};

/** One workload, service, gateway, or what else takes part in traffic. */
export const ItemNode = memo(function ItemNode({ data, selected }: NodeProps<ItemNodeType>) {
  const { item, failing, found } = data;
  const Icon = kindIcons[item.kind];
  return (
    <div
      className={classes.item}
      data-failing={failing || undefined}
      data-idle={item.idle || undefined}
      data-selected={selected || undefined}
      data-found={found || undefined}
      title={`${kindNames[item.kind]} ${item.label}`}
    >
      <Icon size={18} aria-hidden style={{ flexShrink: 0 }} />
      <div className={classes.text}>
        <div className={classes.name}>{item.label}</div>
        {(item.detail || item.idle) && (
          <div className={classes.detail}>{item.idle ? `${item.detail} idle` : item.detail}</div>
        )}
      </div>
      {failing && (
        <span className={classes.mark} data-kind="failing" title="Requests fail here">
          <IconAlertTriangle size={13} aria-label="Requests fail here" />
        </span>
      )}
      {item.virtualMachine && (
        <span className={classes.mark} data-kind="machine" title="Virtual machine">
          <IconDeviceDesktop size={13} aria-label="Virtual machine" />
        </span>
      )}
    </div>
  );
});

/** What folds a box, given its ID, or unfolds it. */
export const FoldContext = createContext<(id: string) => void>(() => undefined);

/** A group of nodes, which can be folded into one. */
export const BoxNode = memo(function BoxNode({ data }: NodeProps<BoxNodeType>) {
  const { box, failing } = data;
  const fold = useContext(FoldContext);
  const Chevron = box.folded ? IconChevronRight : IconChevronDown;
  return (
    <div
      className={classes.box}
      data-kind={box.kind}
      data-folded={box.folded || undefined}
      data-failing={failing || undefined}
    >
      <UnstyledButton
        className={`${classes.heading} nodrag nopan`}
        onClick={() => fold(box.id)}
        aria-expanded={!box.folded}
        title={box.folded ? "Unfold" : "Fold"}
      >
        <Chevron size={14} aria-hidden />
        {box.folded && <IconBoxMultiple size={16} aria-hidden />}
        {box.label} <small>{box.kind}</small>
      </UnstyledButton>
    </div>
  );
});
