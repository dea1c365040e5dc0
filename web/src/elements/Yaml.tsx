import { Code } from "@mantine/core";
import { useEffect, useRef } from "react";
import classes from "./Yaml.module.css";

/** A resource's text to read, with line numbers and, when one is at fault, that line marked. */
export function Yaml({ text, marked }: { text: string; marked?: number | null }) {
  const mark = useRef<HTMLSpanElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another marked line is scrolled to
  useEffect(() => mark.current?.scrollIntoView({ block: "center" }), [marked]);
  return (
    <Code block className={classes.yaml} tabIndex={0} role="region" aria-label="YAML">
      {text
        .trimEnd()
        .split("\n")
        .map((line, index) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its number
            key={index}
            ref={index + 1 === marked ? mark : undefined}
            className={classes.line}
            data-marked={index + 1 === marked || undefined}
          >
            {line || " "}
          </span>
        ))}
    </Code>
  );
}
