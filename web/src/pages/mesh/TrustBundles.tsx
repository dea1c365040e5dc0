import { Code, Table, Text } from "@mantine/core";
import { graphql } from "../../api/generated";
import { useAsk } from "../../api/queries";
import { Answer } from "../../elements/Answer";
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

/** The roots that are trusted: whoever has a certificate from one of them. */
export function TrustBundles({ controlPlane }: { controlPlane: string }) {
  const answer = useAsk(trustBundles, {});
  return (
    <Panel title="Trust bundles" flush>
      <Answer of={answer} what="the trust bundles">
        {(data) => {
          const bundle = data.trustBundles.find((one) => one.controlPlane === controlPlane);
          if (!bundle || bundle.roots.length === 0) {
            return (
              <Text size="sm" p="md" c="dimmed">
                The roots of this control plane cannot be read, or you may not read them.
              </Text>
            );
          }
          return (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Trust domain</Table.Th>
                  <Table.Th>Root</Table.Th>
                  <Table.Th>SHA-256</Table.Th>
                  <Table.Th>Valid until</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {bundle.roots.map((root) => (
                  <Table.Tr key={root.fingerprint}>
                    <Table.Td>{bundle.trustDomain}</Table.Td>
                    <Table.Td>{root.subject}</Table.Td>
                    <Table.Td>
                      <Code bg="none" style={{ overflowWrap: "anywhere" }}>
                        {root.fingerprint}
                      </Code>
                    </Table.Td>
                    <Table.Td>{formatTime(root.notAfter)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          );
        }}
      </Answer>
    </Panel>
  );
}
