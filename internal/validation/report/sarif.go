package report

import (
	"encoding/json"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meshmanager/smm/internal/validation"
)

// The parts of SARIF 2.1.0 that are written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string     `json:"id"`
		ShortDescription *sarifText `json:"shortDescription,omitempty"`
		FullDescription  *sarifText `json:"fullDescription,omitempty"`
		Help             *sarifText `json:"help,omitempty"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
	}
)

// SARIF writes findings in the form that code scanners of CI systems read. checks document the rules, locate tells the
// line of a finding in its file; 0 means unknown.
func SARIF(out io.Writer, version string, findings []validation.Finding, checks []validation.Check, locate func(validation.Finding) int) error {
	run := sarifRun{
		Tool:    sarifTool{sarifDriver{Name: "smm analyze", Version: version, Rules: rules(findings, checks)}},
		Results: []sarifResult{},
	}
	for _, f := range findings {
		run.Results = append(run.Results, result(f, locate))
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// rules describes the checks that have found something.
func rules(findings []validation.Finding, checks []validation.Check) []sarifRule {
	described := map[string]validation.Check{}
	for _, check := range checks {
		described[check.ID] = check
	}
	used := map[string]sarifRule{}
	for _, f := range findings {
		rule := sarifRule{ID: f.Check}
		if check, known := described[f.Check]; known {
			rule.ShortDescription = &sarifText{check.Message}
			rule.FullDescription = &sarifText{check.Cause}
			rule.Help = &sarifText{check.Mend}
		}
		used[f.Check] = rule
	}
	list := make([]sarifRule, 0, len(used))
	for _, id := range slices.Sorted(maps.Keys(used)) {
		list = append(list, used[id])
	}
	return list
}

func result(f validation.Finding, locate func(validation.Finding) int) sarifResult {
	location := sarifLocation{Logical: []sarifLogical{{FullyQualifiedName: strings.TrimSuffix(f.Subject.String()+"/"+f.Field, "/")}}}
	if f.Source.File != "" {
		location.Physical = &sarifPhysical{Artifact: sarifArtifact{URI: filepath.ToSlash(f.Source.File)}}
		if line := locate(f); line > 0 {
			location.Physical.Region = &sarifRegion{StartLine: line}
		}
	}
	return sarifResult{
		RuleID: f.Check, Level: level(f.Severity), Message: sarifText{messageWithContext(f)},
		Locations:           []sarifLocation{location},
		PartialFingerprints: map[string]string{"finding/v1": f.Check + " " + f.Subject.String() + " " + f.Field},
	}
}

func messageWithContext(f validation.Finding) string {
	message := f.Message
	for i, key := range slices.Sorted(maps.Keys(f.Context)) {
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		message += separator + key + " " + f.Context[key]
	}
	return message
}

func level(severity validation.Severity) string {
	if severity == validation.Info {
		return "note"
	}
	return string(severity)
}
