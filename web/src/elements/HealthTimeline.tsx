import type { HealthPartsFragment } from "../api/generated/graphql";
import { verdicts } from "./Health";
import classes from "./HealthTimeline.module.css";

type Point = HealthPartsFragment["recent"][number];

const slot = 5 * 60_000;
const slots = 12;

/** An object's health in the last hour: a bar for every five minutes, the lower the worse. */
export function HealthTimeline({ of: points }: { of: Point[] }) {
  if (points.length === 0) {
    return null;
  }
  const known = new Map(points.map((point) => [Date.parse(point.time), point]));
  const last = Math.floor(Date.now() / slot) * slot;
  const times = Array.from({ length: slots }, (_, index) => last - (slots - 1 - index) * slot);
  return (
    <span className={classes.timeline} role="img" aria-label={inWords(points)}>
      {times.map((time) => {
        const point = known.get(time);
        return (
          <span
            key={time}
            className={classes.bar}
            data-tone={point ? verdicts[point.verdict].tone : "none"}
            style={{ height: `${heightOf(point)}%` }}
            title={`${clock(time)}: ${point ? wordsOf(point) : "not judged"}`}
          />
        );
      })}
    </span>
  );
}

function heightOf(point: Point | undefined): number {
  return point?.score == null ? 18 : Math.max(18, point.score);
}

const wordsOf = ({ verdict, score }: Point) =>
  verdicts[verdict].text.toLowerCase() + (score == null ? "" : ` ${score}`);

const clock = (time: number) => new Date(time).toLocaleTimeString("en-GB", { timeStyle: "short" });

/** What the bars tell, for those who do not see them. */
function inWords(points: Point[]): string {
  const bad = points.filter(({ verdict }) => verdict === "WARNING" || verdict === "CRITICAL");
  if (bad.length === 0) {
    return "Health in the last hour: nothing to complain of";
  }
  return `Health in the last hour: ${bad.map((point) => `${wordsOf(point)} at ${clock(Date.parse(point.time))}`).join(", ")}`;
}
