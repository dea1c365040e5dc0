import { Button, Modal, SegmentedControl, Text } from "@mantine/core";
import { useState } from "react";
import { graphql } from "../api/generated";
import type { FindingListQuery, Severity } from "../api/generated/graphql";
import { useAsk } from "../api/queries";
import { useView } from "../view/view";
import { Answer, Empty } from "./Answer";
import { byID, type Column, DataTable } from "./DataTable";
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

const columns: Column<Finding>[] = [
  {
    title: "Severity",
    width: 110,
    cell: ({ severity }) => <Status tone={tones[severity]}>{severity.toLowerCase()}</Status>,
  },
  {
    title: "Object",
    short: true,
    cell: ({ object, name, kind, namespace, cluster }) => (
      <>
        <ObjectLink id={object}>{name}</ObjectLink>
        <Text size="xs" c="dimmed">
          {kind}
          {namespace && ` in ${namespace}`}, {cluster}
        </Text>
      </>
    ),
  },
  { title: "What is wrong", cell: ({ message }) => message },
  { title: "Check", cell: ({ check }) => check },
];

/** What the validation finds wrong, of everything or of what one control plane reads. */
export function Findings({ controlPlane }: { controlPlane?: string }) {
  const { filter } = useView();
  const [severity, setSeverity] = useState<Severity | "ALL">("ALL");
  const [shown, setShown] = useState<Finding>();
  const answer = useAsk(findingList, { filter });
  const showing: Column<Finding> = {
    title: "",
    right: true,
    cell: (finding) => (
      <Button
        size="compact-xs"
        variant="default"
        onClick={() => setShown(finding)}
        aria-label={`Show the YAML of ${finding.name}`}
      >
        Show
      </Button>
    ),
  };
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
          return findings.length === 0 ? (
            <Empty title="Nothing found">The validation finds nothing wrong here.</Empty>
          ) : (
            <DataTable rows={findings} columns={[...columns, showing]} keyOf={byID} />
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
