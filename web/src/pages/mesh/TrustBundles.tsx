import { Code } from "@mantine/core";
import { graphql } from "../../api/generated";
import type { TrustBundlesQuery } from "../../api/generated/graphql";
import { useAsk } from "../../api/queries";
import { Answer } from "../../elements/Answer";
import { type Column, DataTable } from "../../elements/DataTable";
import { Panel } from "../../elements/Page";
import { formatTime } from "../../view/format";

const trustBundles = graphql(`
  query TrustBundles {
    trustBundles {
      controlPlane
      trustDomain
      roots {
        subject
        fingerprint
        notAfter
      }
    }
  }
`);

type Root = TrustBundlesQuery["trustBundles"][number]["roots"][number];

const columns = (trustDomain: string): Column<Root>[] => [
  { title: "Trust domain", cell: () => trustDomain },
  { title: "Root", cell: ({ subject }) => subject },
  {
    title: "SHA-256",
    cell: ({ fingerprint }) => (
      <Code bg="none" className="breakable">
        {fingerprint}
      </Code>
    ),
  },
  { title: "Valid until", cell: ({ notAfter }) => formatTime(notAfter) },
];

/** The roots that are trusted: whoever has a certificate from one of them. */
export function TrustBundles({ controlPlane }: { controlPlane: string }) {
  const answer = useAsk(trustBundles, {});
  return (
    <Panel title="Trust bundles" flush>
      <Answer of={answer} what="the trust bundles">
        {(data) => {
          const bundle = data.trustBundles.find((one) => one.controlPlane === controlPlane);
          return (
            <DataTable
              rows={bundle?.roots ?? []}
              columns={columns(bundle?.trustDomain ?? "")}
              keyOf={({ fingerprint }) => fingerprint}
              none="The roots of this control plane cannot be read, or you may not read them."
            />
          );
        }}
      </Answer>
    </Panel>
  );
}
