import { Tabs } from "@mantine/core";
import type { ReactNode } from "react";
import { useSearchParams } from "react-router";

interface Tab {
  value: string;
  title: string;
  content: () => ReactNode;
}

/** Tabs of which the chosen one is in the address, unless it is the first. */
export function Tabbed({ tabs }: { tabs: Tab[] }) {
  const [search, setSearch] = useSearchParams();
  const first = tabs[0]?.value ?? "";
  const chosen = tabs.find(({ value }) => value === search.get("tab"))?.value ?? first;
  const choose = (value: string | null) =>
    setSearch((current) => {
      const next = new URLSearchParams(current);
      if (value && value !== first) {
        next.set("tab", value);
      } else {
        next.delete("tab");
      }
      return next;
    });
  return (
    <Tabs keepMounted={false} value={chosen} onChange={choose}>
      <Tabs.List mb="md">
        {tabs.map(({ value, title }) => (
          <Tabs.Tab key={value} value={value}>
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ value, content }) => (
        <Tabs.Panel key={value} value={value} className="stack">
          {content()}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
