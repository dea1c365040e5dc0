import { Text, useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatBytes } from "../view/format";
import classes from "./Chart.module.css";

export interface Line {
  name: string;
  points: { time: string; value: number | null }[];
}

interface Props {
  title: string;
  lines: Line[];
  format: (value: number | null | undefined) => string;
}

const height = 150;
/** The least time that a chart covers, in seconds. */
const leastSpan = 120;
const fewPoints = 20;
/** Steps between bytes that have round names. */
const powersOfTwo = Array.from({ length: 50 }, (_, exponent) => 2 ** exponent);
// Distinct for people who see fewer colours (Okabe and Ito, "Color universal design").
const colors = { light: ["#00658f", "#b34700", "#00735c"], dark: ["#56b4e9", "#e69f00", "#2ec4a0"] };
const dashes = [[], [6, 4], [2, 3]];

/** A chart of measures over time. Its latest values stand beside it in words. */
export function Chart({ title, lines, format }: Props) {
  const { ref, width } = useElementSize();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const scheme = useComputedColorScheme("light");
  const empty = lines.every(({ points }) => points.every((point) => point.value == null));
  // A line needs two points: few are marked, so that the first is seen.
  const few = lines.every(({ points }) => points.length < fewPoints);
  const names = lines.map(({ name }) => name).join("\n");

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew when there are other lines or colours, else only fed
  useEffect(() => {
    if (!place.current || width === 0) {
      return;
    }
    const text = scheme === "dark" ? "#c9c9c9" : "#495057";
    const grid = { stroke: scheme === "dark" ? "#424242" : "#e9ecef", width: 1 };
    const made = new uPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: { y: false },
        scales: {
          x: { range: (_, first, last) => [Math.min(first, last - leastSpan), last] },
          y: { range: (_, low, high) => [Math.min(0, low ?? 0), high ? high * 1.1 : 1] },
        },
        axes: [
          { stroke: text, grid, ticks: grid, size: 32, values: (plot, times) => times.map(clockOf(plot)) },
          {
            stroke: text,
            grid,
            ticks: grid,
            size: 70,
            incrs: format === formatBytes ? powersOfTwo : undefined,
            values: (_, values) => values.map((value) => format(value)),
          },
        ],
        series: [
          {},
          ...lines.map(({ name }, index) => ({
            label: name,
            stroke: colors[scheme][index % 3],
            dash: dashes[index % 3],
            width: 1.8,
            points: { show: few, size: 5 },
          })),
        ],
      },
      dataOf(lines),
      place.current,
    );
    plot.current = made;
    return () => made.destroy();
  }, [names, width, scheme, format, empty, few]);

  useEffect(() => plot.current?.setData(dataOf(lines)), [lines]);

  const latest = lines.map(({ name, points }) => {
    const value = points.findLast((point) => point.value != null)?.value;
    return lines.length > 1 ? `${name} ${format(value)}` : format(value);
  });
  return (
    <figure ref={ref} className={classes.chart}>
      <figcaption className={classes.caption}>
        <span>{title}</span>
        <span>{empty ? "" : latest.join(" · ")}</span>
      </figcaption>
      {empty ? (
        <Text size="sm" c="dimmed" className={classes.empty}>
          Nothing was measured in this time.
        </Text>
      ) : (
        <div ref={place} role="img" aria-label={`${title}, latest: ${latest.join(", ")}`} />
      )}
    </figure>
  );
}

/** Tells times as exactly as the span needs. */
function clockOf({ scales: { x } }: uPlot): (seconds: number) => string {
  const short = (x?.max ?? 0) - (x?.min ?? 0) < 600;
  return (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB", { timeStyle: short ? "medium" : "short" });
}

function dataOf(lines: Line[]): uPlot.AlignedData {
  const times = lines[0]?.points.map(({ time }) => Date.parse(time) / 1000) ?? [];
  return [times, ...lines.map(({ points }) => points.map(({ value }) => value))];
}
