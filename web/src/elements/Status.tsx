import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCircleX, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Status.module.css";

export type Tone = "good" | "warning" | "bad" | "neutral" | "info";

const icons = {
  good: IconCircleCheck,
  warning: IconAlertTriangle,
  bad: IconCircleX,
  neutral: IconCircleDashed,
  info: IconInfoCircle,
};

/** A state in words, with an icon and a colour: colour is never the only sign. */
export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
  const Icon = icons[tone];
  return (
    <span className={classes.status} data-tone={tone}>
      <Icon size={15} aria-hidden />
      {children}
    </span>
  );
}

const good = new Set(["available", "running", "ready", "true", "synced", "healthy", "succeeded"]);
const bad = new Set(["failed", "error", "reconcilefailed", "crashloopbackoff", "rejected", "critical"]);

/** The tone of a state that Kubernetes or one of our resources reports. */
export function toneOf(state: string): Tone {
  const word = state.toLowerCase();
  if (good.has(word)) {
    return "good";
  }
  if (bad.has(word)) {
    return "bad";
  }
  return word === "" || word === "unknown" ? "neutral" : "warning";
}
