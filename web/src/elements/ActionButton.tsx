import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

interface Props extends ButtonProps {
  /** Whether the user may do it, and why not. */
  may: { allowed: boolean; reason?: string } | undefined;
  onClick?: () => void;
  type?: "button" | "submit";
  "aria-label"?: string;
  children: ReactNode;
}

/** A button for a change. Where the user may not make it, it is shown disabled with the reason. */
export function ActionButton({ may, disabled, children, ...props }: Props) {
  const refused = may !== undefined && !may.allowed;
  return (
    <Tooltip label={may?.reason} disabled={!refused} multiline maw={320}>
      <Button
        size="xs"
        {...props}
        // Not `disabled`: a button that cannot be focused could not tell why.
        aria-disabled={refused || disabled || undefined}
        data-disabled={refused || disabled || undefined}
        title={refused ? may.reason : undefined}
        onClick={(event) => {
          if (refused || disabled) {
            event.preventDefault();
          } else {
            props.onClick?.();
          }
        }}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
