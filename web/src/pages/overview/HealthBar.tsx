import type { HealthNowQuery } from "../../api/generated/graphql";
import { countVerdicts } from "../../elements/Health";
import { ObjectLink } from "../../elements/ObjectLink";
import { Status } from "../../elements/Status";
import classes from "./OverviewPage.module.css";

type Judged = HealthNowQuery["health"][number];

/** How many are how healthy, and which are the worst. */
export function HealthBar({ of: all }: { of: Judged[] }) {
  const counts = countVerdicts(all);
  const worst = all.filter(({ verdict }) => verdict === "CRITICAL" || verdict === "WARNING").slice(0, 5);
  return (
    <>
      <div className={classes.bar} aria-hidden>
        {counts.map(({ verdict, tone, count }) => (
          <div key={verdict} className={classes.part} data-tone={tone} style={{ flex: count }} />
        ))}
      </div>
      <div className={classes.words}>
        {counts.map(({ verdict, tone, text, count }) => (
          <Status key={verdict} tone={tone}>
            {count} {text.toLowerCase()}
          </Status>
        ))}
      </div>
      {worst.length > 0 && (
        <ul className={classes.worst}>
          {worst.map((one) => (
            <li key={one.id}>
              <ObjectLink id={one.id}>{one.name}</ObjectLink> in {one.namespace}: {one.verdict.toLowerCase()}{" "}
              {one.score}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
