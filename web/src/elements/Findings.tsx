import { Button, Modal, SegmentedControl, Table, Text } from "@mantine/core";
import { useState } from "react";
import { graphql } from "../api/generated";
import type { FindingListQuery, Severity } from "../api/generated/graphql";
import { useAsk } from "../api/queries";
import { useView } from "../view/view";
import { Answer, Empty } from "./Answer";
import { ObjectLink } from "./ObjectLink";
import { Panel } from "./Page";
import { Status, type Tone } from "./Status";
import { Yaml } from "./Yaml";

const findingList = graphql(`
  query FindingList($filter: Filter) {
    findings(filter: $filter) {
      id
      check
      severity
      message
      object
      cluster
      namespace
      name
      kind
      controlPlane
      path
      line
      documentation
    }
  }
`);

const faultyText = graphql(`
  query FaultyText($id: ID!) {
    resource(id: $id) {
      yaml
    }
  }
`);

type Finding = FindingListQuery["findings"][number];

const tones: Record<Severity, Tone> = { ERROR: "bad", WARNING: "warning", INFO: "info" };

/** What the validation finds wrong, of everything or of what one control plane reads. */
export function Findings({ controlPlane }: { controlPlane?: string }) {
  const { filter } = useView();
  const [severity, setSeverity] = useState<Severity | "ALL">("ALL");
  const [shown, setShown] = useState<Finding>();
  const answer = useAsk(findingList, { filter });
  return (
    <Panel
      title="Validation issues"
      flush
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Severity"
          data={[
            { value: "ALL", label: "All" },
            { value: "ERROR", label: "Errors" },
            { value: "WARNING", label: "Warnings" },
            { value: "INFO", label: "Notes" },
          ]}
          value={severity}
          onChange={(chosen) => setSeverity(chosen as Severity | "ALL")}
        />
      }
    >
      <Answer of={answer} what="the findings">
        {(data) => {
          const findings = data.findings.filter(
            (finding) =>
              (severity === "ALL" || finding.severity === severity) &&
              (!controlPlane || finding.controlPlane === controlPlane),
          );
          if (findings.length === 0) {
            return <Empty title="Nothing found">The validation finds nothing wrong here.</Empty>;
          }
          return (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w={110}>Severity</Table.Th>
                  <Table.Th>Object</Table.Th>
                  <Table.Th>What is wrong</Table.Th>
                  <Table.Th>Check</Table.Th>
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {findings.map((finding) => (
                  <Table.Tr key={finding.id}>
                    <Table.Td>
                      <Status tone={tones[finding.severity]}>{finding.severity.toLowerCase()}</Status>
                    </Table.Td>
                    <Table.Td>
                      <ObjectLink id={finding.object}>{finding.name}</ObjectLink>
                      <Text size="xs" c="dimmed">
                        {finding.kind}
                        {finding.namespace && ` in ${finding.namespace}`}, {finding.cluster}
                      </Text>
                    </Table.Td>
                    <Table.Td>{finding.message}</Table.Td>
                    <Table.Td>{finding.check}</Table.Td>
                    <Table.Td ta="right">
                      <Button
                        size="compact-xs"
                        variant="default"
                        onClick={() => setShown(finding)}
                        aria-label={`Show the YAML of ${finding.name}`}
                      >
                        Show
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          );
        }}
      </Answer>
      <Modal opened={shown !== undefined} onClose={() => setShown(undefined)} title={shown?.name} size="xl">
        {shown && <Faulty finding={shown} />}
      </Modal>
    </Panel>
  );
}

/** The object that a finding is about, with the line at fault marked. */
function Faulty({ finding }: { finding: Finding }) {
  const answer = useAsk(faultyText, { id: finding.object }, { enabled: finding.line != null });
  const documented = finding.documentation.startsWith("http");
  return (
    <>
      <Text size="sm" fw={500}>
        {finding.message}
      </Text>
      <Text size="sm" mb="sm" c="dimmed">
        {documented ? (
          <a href={finding.documentation} target="_blank" rel="noreferrer">
            What this means
          </a>
        ) : (
          finding.documentation
        )}
      </Text>
      {finding.line == null ? (
        <Text size="sm">It has no YAML to show here.</Text>
      ) : (
        <Answer of={answer} what="the object">
          {({ resource }) =>
            resource ? <Yaml text={resource.yaml} marked={finding.line} /> : <Text size="sm">The object is gone.</Text>
          }
        </Answer>
      )}
    </>
  );
}
