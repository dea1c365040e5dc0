import { Popover, Stack, Text, UnstyledButton } from "@mantine/core";
import { graphql } from "../api/generated";
import type { HealthPartsFragment, Verdict } from "../api/generated/graphql";
import { formatNumber, unknown } from "../view/format";
import { HealthTimeline } from "./HealthTimeline";
import classes from "./HealthTimeline.module.css";
import { Status, type Tone } from "./Status";

export const healthParts = graphql(`
  fragment HealthParts on Health {
    verdict
    score
    recent {
      time
      verdict
      score
    }
    measures {
      measure
      verdict
      score
      observed
      low
      high
      unit
      explanation
    }
  }
`);

/** What verdicts are called, and their tones. */
export const verdicts: Record<Verdict, { tone: Tone; text: string }> = {
  HEALTHY: { tone: "good", text: "Healthy" },
  WARNING: { tone: "warning", text: "Warning" },
  CRITICAL: { tone: "bad", text: "Critical" },
  NOT_ENOUGH_HISTORY: { tone: "neutral", text: "Too little history" },
  NO_DATA: { tone: "neutral", text: "No data" },
};

/** An object's health in a word and over the last hour, and on a click, what it comes from. */
export function Health({ of: health }: { of: HealthPartsFragment | null | undefined }) {
  if (!health) {
    return unknown;
  }
  const { tone, text } = verdicts[health.verdict];
  const word = (
    <span className={classes.health}>
      <Status tone={tone}>
        {text}
        {health.score != null && ` ${health.score}`}
      </Status>
      <HealthTimeline of={health.recent} />
    </span>
  );
  if (health.measures.length === 0) {
    return word;
  }
  return (
    <Popover width={380} withArrow position="bottom-start">
      <Popover.Target>
        <UnstyledButton fz="sm" aria-label={`Health: ${text}. Show what it comes from`}>
          {word}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <HealthMeasures of={health} />
      </Popover.Dropdown>
    </Popover>
  );
}

/** What an object's health comes from, the worst first. */
export function HealthMeasures({ of: health }: { of: HealthPartsFragment }) {
  return (
    <Stack gap="xs">
      {health.measures.map((measure) => (
        <div key={measure.measure}>
          <Text size="sm" fw={500} component="div">
            <Status tone={verdicts[measure.verdict].tone}>{measure.measure.toLowerCase().replace("_", " ")}</Status>
          </Text>
          <Text size="xs">{measure.explanation}</Text>
          {measure.observed != null && (
            <Text size="xs" c="dimmed">
              observed {formatNumber(measure.observed)} {measure.unit}
              {measure.low != null && measure.high != null && (
                <>
                  , expected {formatNumber(measure.low)} to {formatNumber(measure.high)}
                </>
              )}
            </Text>
          )}
        </div>
      ))}
    </Stack>
  );
}

/** Counts verdicts, for the overview's bars. */
export function countVerdicts(
  all: { verdict: Verdict }[],
): { verdict: Verdict; tone: Tone; text: string; count: number }[] {
  return (Object.keys(verdicts) as Verdict[])
    .map((verdict) => ({ verdict, ...verdicts[verdict], count: all.filter((one) => one.verdict === verdict).length }))
    .filter(({ count }) => count > 0);
}
