import { ActionIcon, Popover, Stack, Text, Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconDeviceDesktop,
  IconHelp,
  IconLock,
  IconLockOpen,
  IconPlugConnectedX,
} from "@tabler/icons-react";
import classes from "./Legend.module.css";
import { kindIcons, kindNames } from "./nodes";

/** What the graph's signs mean. */
export function Legend() {
  return (
    <Popover position="right-end" withArrow>
      <Popover.Target>
        <Tooltip label="Legend">
          <ActionIcon variant="default" size="lg" aria-label="Legend">
            <IconHelp size={18} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={5}>
          {(Object.keys(kindIcons) as (keyof typeof kindIcons)[]).map((kind) => {
            const Icon = kindIcons[kind];
            return (
              <Row key={kind} sign={<Icon size={16} />}>
                {kindNames[kind]}
              </Row>
            );
          })}
          <Row sign={<IconDeviceDesktop size={16} />}>On a virtual machine</Row>
          <Row sign={<IconAlertTriangle size={16} color="var(--smm-bad)" />}>Requests fail here</Row>
          <Row sign={<span className={classes.idle} />}>Idle: no traffic</Row>
          <Row sign={<span className={classes.line} data-kind="well" />}>Traffic without errors</Row>
          <Row sign={<span className={classes.line} data-kind="failing" />}>Traffic with server errors</Row>
          <Row sign={<IconPlugConnectedX size={16} color="var(--smm-bad)" />}>Circuit breaker open</Row>
          <Row sign={<IconLock size={16} color="var(--smm-good)" />}>All of it with mutual TLS</Row>
          <Row sign={<IconLockOpen size={16} color="var(--smm-bad)" />}>Some of it in plain text</Row>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Row({ sign, children }: { sign: React.ReactNode; children: React.ReactNode }) {
  return (
    <div className={classes.row}>
      <span className={classes.sign} aria-hidden>
        {sign}
      </span>
      <Text size="xs">{children}</Text>
    </div>
  );
}
