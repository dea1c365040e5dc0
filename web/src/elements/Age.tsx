import { Tooltip } from "@mantine/core";
import { formatAge, formatTime } from "../view/format";

/** How long ago something was, with the exact time at hand. */
export function Age({ of }: { of: string }) {
  return (
    <Tooltip label={formatTime(of)}>
      <time dateTime={of}>{formatAge(of, Date.now())}</time>
    </Tooltip>
  );
}
