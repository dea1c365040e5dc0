import { Alert, Group, Select, Switch, TextInput } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { Panel } from "../../elements/Page";
import classes from "./PodLogs.module.css";
import { useLog } from "./useLog";

/** A container's log, followed as it is written. */
export function PodLogs({ id, containers }: { id: string; containers: string[] }) {
  const [container, setContainer] = useState(containers.find((name) => name !== "istio-proxy") ?? containers[0] ?? "");
  const [wanted, setWanted] = useState("");
  const [follow, setFollow] = useState(true);
  const [previous, setPrevious] = useState(false);
  const { lines, problem } = useLog(id, container, previous);
  const shown = useMemo(() => {
    const word = wanted.toLowerCase();
    return word ? lines.filter((line) => line.text.toLowerCase().includes(word)) : lines;
  }, [lines, wanted]);
  const area = useRef<HTMLPreElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are what is scrolled to
  useEffect(() => {
    if (follow) {
      area.current?.scrollTo({ top: area.current.scrollHeight });
    }
  }, [shown, follow]);
  return (
    <Panel
      title="Logs"
      actions={
        <Group gap="sm">
          <Select
            aria-label="Container"
            size="xs"
            data={containers}
            value={container}
            onChange={(name) => name && setContainer(name)}
            allowDeselect={false}
          />
          <TextInput
            aria-label="Only lines with"
            placeholder="Only lines with…"
            size="xs"
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
          />
          <Switch
            size="xs"
            label="Follow"
            checked={follow}
            onChange={(event) => setFollow(event.currentTarget.checked)}
          />
          <Switch
            size="xs"
            label="Before the last restart"
            checked={previous}
            onChange={(event) => setPrevious(event.currentTarget.checked)}
          />
        </Group>
      }
    >
      {problem && (
        <Alert color="orange" variant="outline" mb="xs" role="status">
          {problem}
        </Alert>
      )}
      <pre
        ref={area}
        className={classes.log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        tabIndex={0}
        role="log"
        aria-label={`Log of ${container}`}
        aria-live="off"
      >
        {shown.length === 0
          ? "No lines yet."
          : shown.map((line) => `${line.time.slice(11, 23)}  ${line.text}`).join("\n")}
      </pre>
    </Panel>
  );
}
