import { ActionIcon, Group, SegmentedControl, Slider, Text, TextInput, Tooltip } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { formatTime } from "../view/format";
import { useView } from "../view/view";
import classes from "./TimeControl.module.css";
import { localInput, minute, shift, span } from "./timeline";

/** Switches between now and the past. */
export function TimeSwitch() {
  const { view, setView } = useView();
  return (
    <SegmentedControl
      size="xs"
      aria-label="Time"
      data={[
        { value: "live", label: "LIVE" },
        { value: "timeline", label: "TIMELINE" },
      ]}
      value={view.at ? "timeline" : "live"}
      onChange={(mode) => setView({ at: mode === "live" ? undefined : shift(new Date().toISOString(), -5 * minute) })}
    />
  );
}

/** The bar with which one goes back and forth in the past hour before a date. */
export function Timeline() {
  const { view, setView } = useView();
  // The bar's end stays where it was while the knob moves: else the scale would slide away under the pointer.
  const [end, setEnd] = useState(() => Math.max(Date.now(), view.at ? Date.parse(view.at) : 0));
  const [moving, setMoving] = useState<number>();
  if (!view.at) {
    return null;
  }
  const at = Date.parse(view.at);
  const last = at > end || at < end - span ? Math.min(Date.now(), at + span / 2) : end;
  const choose = (time: number) => setView({ at: new Date(Math.min(time, Date.now())).toISOString() }, true);
  return (
    <Group className={classes.timeline} gap="sm" wrap="nowrap" px="md" py={6}>
      <TextInput
        type="datetime-local"
        aria-label="Date and time"
        size="xs"
        w={190}
        value={localInput(at)}
        max={localInput(Date.now())}
        onChange={(event) => {
          const chosen = Date.parse(event.currentTarget.value);
          if (!Number.isNaN(chosen)) {
            setEnd(Math.min(Date.now(), chosen + span / 2));
            choose(chosen);
          }
        }}
      />
      <Tooltip label="One minute back">
        <ActionIcon variant="default" aria-label="One minute back" onClick={() => choose(at - minute)}>
          <IconChevronLeft size={16} />
        </ActionIcon>
      </Tooltip>
      <Slider
        className={classes.bar}
        thumbLabel="Time"
        size="sm"
        min={last - span}
        max={last}
        step={minute / 4}
        value={moving ?? at}
        onChange={setMoving}
        onChangeEnd={(time) => {
          setMoving(undefined);
          choose(time);
        }}
        label={(time) => new Date(time).toLocaleTimeString("en-GB")}
        marks={[0, 1, 2, 3, 4].map((quarter) => ({
          value: last - span + (quarter * span) / 4,
          label: new Date(last - span + (quarter * span) / 4).toLocaleTimeString("en-GB", { timeStyle: "short" }),
        }))}
      />
      <Tooltip label="One minute forth">
        <ActionIcon variant="default" aria-label="One minute forth" onClick={() => choose(at + minute)}>
          <IconChevronRight size={16} />
        </ActionIcon>
      </Tooltip>
      <Text size="xs" miw={150} ta="right">
        {formatTime(moving ?? at)}
      </Text>
    </Group>
  );
}
