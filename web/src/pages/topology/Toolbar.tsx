import { Button, Checkbox, Group, Popover, Select, Stack, TextInput } from "@mantine/core";
import { IconFocus2, IconSearch, IconStack2 } from "@tabler/icons-react";
import { LoadButton } from "../load/LoadButton";
import { shownKinds, type useDrawing } from "./drawing";
import { type LabelKind, labelKinds } from "./labels";

interface Props {
  state: ReturnType<typeof useDrawing>;
  word: string;
  setWord: (word: string) => void;
}

/** What the graph shows and how. */
export function Toolbar({ state, word, setWord }: Props) {
  const { drawing, label, setShown, setLabel, setFocus } = state;
  const shown: string[] = [...drawing.boxes, ...(drawing.services ? ["service"] : [])];
  return (
    <Group gap="xs">
      <Popover position="bottom-start" withArrow>
        <Popover.Target>
          <Button variant="default" size="xs" leftSection={<IconStack2 size={14} />}>
            Resources
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Checkbox.Group value={shown} onChange={setShown} label="Show">
            <Stack gap="xs" mt="xs">
              {shownKinds.map(({ value, label: name }) => (
                <Checkbox key={value} value={value} label={name} size="xs" />
              ))}
              <Checkbox checked disabled readOnly label="Workloads" size="xs" />
            </Stack>
          </Checkbox.Group>
        </Popover.Dropdown>
      </Popover>
      <Select
        aria-label="Edge labels"
        size="xs"
        w={140}
        allowDeselect={false}
        data={labelKinds.map(({ value, label: name }) => ({ value, label: name }))}
        value={label}
        onChange={(kind) => setLabel(kind as LabelKind)}
      />
      <TextInput
        aria-label="Find in the graph"
        placeholder="Find in the graph"
        size="xs"
        w={170}
        leftSection={<IconSearch size={14} />}
        value={word}
        onChange={(event) => setWord(event.currentTarget.value)}
      />
      <LoadButton />
      {drawing.focus && (
        <Button variant="light" size="xs" leftSection={<IconFocus2 size={14} />} onClick={() => setFocus(undefined)}>
          Leave the focus
        </Button>
      )}
    </Group>
  );
}
