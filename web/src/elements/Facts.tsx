import type { ReactNode } from "react";
import classes from "./Facts.module.css";

/** A list of names with their values. What has no value is left out. */
export function Facts({ of }: { of: [name: string, value: ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {of
        .filter(([, value]) => value !== undefined && value !== null && value !== "")
        .map(([name, value]) => (
          <div key={name} className={classes.fact}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Labels of an object, or its selector. */
export function Labels({ of }: { of: { key: string; value: string }[] }) {
  if (of.length === 0) {
    return "none";
  }
  return (
    <span className={classes.labels}>
      {of.map(({ key, value }) => (
        <code key={key}>{value ? `${key}=${value}` : key}</code>
      ))}
    </span>
  );
}
