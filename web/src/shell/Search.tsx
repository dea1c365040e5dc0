import { Button, Kbd, Modal, ScrollArea, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedValue, useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useId, useState } from "react";
import { useNavigate } from "react-router";
import { graphql } from "../api/generated";
import { useAsk } from "../api/queries";
import { addressOf } from "../view/id";
import { useView } from "../view/view";
import classes from "./Search.module.css";

const everything = graphql(`
  query SearchEverything($name: String!) {
    services(filter: { name: $name }, first: 8) {
      items {
        id
        cluster
        namespace
        name
      }
    }
    workloads(filter: { name: $name }, first: 8) {
      items {
        id
        cluster
        namespace
        name
        kind
      }
    }
    gateways(filter: { name: $name }) {
      id
      cluster
      namespace
      name
    }
    resources(filter: { name: $name }, first: 8) {
      items {
        id
        cluster
        namespace
        name
        kind
      }
    }
  }
`);

interface Hit {
  id: string;
  name: string;
  kind: string;
  place: string;
}

/** Finds any object by a part of its name. Ctrl-K opens it. */
export function Search() {
  const [opened, { open, close }] = useDisclosure();
  useHotkeys([["mod+K", open]], []);
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconSearch size={14} />}
        rightSection={<Kbd size="xs">Ctrl K</Kbd>}
        onClick={open}
      >
        Search
      </Button>
      <Modal opened={opened} onClose={close} title="Search" size="lg" yOffset="10vh">
        <Finder close={close} />
      </Modal>
    </>
  );
}

function Finder({ close }: { close: () => void }) {
  const [text, setText] = useState("");
  const [name] = useDebouncedValue(text.trim().toLowerCase(), 150);
  const [chosen, setChosen] = useState(0);
  const navigate = useNavigate();
  const { within } = useView();
  const list = useId();
  const { data, error } = useAsk(everything, { name }, { enabled: name !== "" });
  const hits = name ? hitsOf(data) : [];
  const current = Math.min(chosen, hits.length - 1);

  function go(hit: Hit | undefined) {
    if (hit) {
      close();
      navigate(within(addressOf(hit.id)));
    }
  }

  return (
    <>
      <TextInput
        data-autofocus
        role="combobox"
        aria-label="Name of an object"
        aria-expanded={hits.length > 0}
        aria-controls={list}
        aria-activedescendant={hits.length ? `${list}-${current}` : undefined}
        placeholder="Part of the name of a service, workload, gateway or resource"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            go(hits[current]);
          } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            const step = event.key === "ArrowDown" ? 1 : -1;
            setChosen(Math.max(0, Math.min(hits.length - 1, current + step)));
          }
        }}
      />
      <ScrollArea.Autosize mah="50vh" mt="sm">
        <div role="listbox" id={list} aria-label="Objects found">
          {hits.map((hit, index) => (
            <UnstyledButton
              key={hit.id}
              id={`${list}-${index}`}
              role="option"
              aria-selected={index === current}
              tabIndex={-1}
              className={classes.hit}
              data-chosen={index === current || undefined}
              onClick={() => go(hit)}
            >
              <Text span fw={500}>
                {hit.name}
              </Text>
              <Text span size="xs" c="dimmed">
                {hit.kind} in {hit.place}
              </Text>
            </UnstyledButton>
          ))}
        </div>
        {error && <Text size="sm">Nothing could be searched: {error.message}</Text>}
        {!error && name && data && hits.length === 0 && <Text size="sm">No object has “{text}” in its name.</Text>}
      </ScrollArea.Autosize>
    </>
  );
}

interface Found {
  id: string;
  cluster: string;
  namespace?: string | null;
  name: string;
  kind?: string;
}

function hitsOf(
  data:
    | { services: { items: Found[] }; workloads: { items: Found[] }; gateways: Found[]; resources: { items: Found[] } }
    | undefined,
): Hit[] {
  if (!data) {
    return [];
  }
  const hit = (kind: string) => (object: Found) => ({
    id: object.id,
    name: object.name,
    kind: object.kind ?? kind,
    place: object.namespace ? `${object.namespace}, ${object.cluster}` : object.cluster,
  });
  const hits = [
    ...data.services.items.map(hit("Service")),
    ...data.workloads.items.map(hit("Workload")),
    ...data.gateways.slice(0, 8).map(hit("IstioMeshGateway")),
    ...data.resources.items.map(hit("Resource")),
  ];
  return [...new Map(hits.map((one) => [one.id, one])).values()];
}
