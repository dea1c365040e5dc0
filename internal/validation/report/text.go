// Package report writes findings in the forms that people and other programs read.
package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/meshmanager/smm/internal/validation"
)

// Text writes findings in the documented form, and how many there are. What Istio's analyzers say of an object is left
// out where a finding of ours says the same.
func Text(out io.Writer, findings []validation.Finding) error {
	var text strings.Builder
	findings = withoutRepetition(findings)
	for _, f := range findings {
		writeFinding(&text, f)
	}
	text.WriteString(Summary(findings) + "\n")
	_, err := io.WriteString(out, text.String())
	return err
}

func writeFinding(text *strings.Builder, f validation.Finding) {
	line := func(depth int, name, value string) {
		if value != "" {
			fmt.Fprintf(text, "%s%s: %s\n", strings.Repeat("    ", depth), name, value)
		}
	}
	fmt.Fprintf(text, "%s %s:\n", f.Subject.Kind.Short(), f.Subject.Qualified())
	line(1, "Cluster", f.Subject.Cluster)
	line(1, "Error", f.Message)
	line(2, "Control Plane", f.Revision)
	line(2, "Error ID", f.Group()+"/"+f.Check)
	line(2, "Severity", string(f.Severity))
	line(2, "Path", f.Path)
	if f.Source.File != "" {
		line(2, "File", fmt.Sprintf("%s:%d", f.Source.File, f.Source.Line))
	}
	if len(f.Context) > 0 {
		text.WriteString("        Context:\n")
		for _, key := range slices.Sorted(maps.Keys(f.Context)) {
			line(3, key, f.Context[key])
		}
	}
	text.WriteString("\n")
}

// Summary counts findings: "✓ 0 validation errors found", with the warnings and remarks that there are.
func Summary(findings []validation.Finding) string {
	count := map[validation.Severity]int{}
	for _, f := range findings {
		count[f.Severity]++
	}
	mark := "✓"
	if count[validation.Error] > 0 {
		mark = "✗"
	}
	summary := fmt.Sprintf("%s %s found", mark, number(count[validation.Error], "validation error"))
	var also []string
	if n := count[validation.Warning]; n > 0 {
		also = append(also, number(n, "warning"))
	}
	if n := count[validation.Info]; n > 0 {
		also = append(also, number(n, "remark"))
	}
	if len(also) > 0 {
		summary += " (and " + strings.Join(also, ", ") + ")"
	}
	return summary
}

func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// withoutRepetition drops Istio's message about a certificate of several gateways next to ours.
func withoutRepetition(findings []validation.Finding) []validation.Finding {
	ours := map[validation.ID]bool{}
	for _, f := range findings {
		ours[f.Subject] = ours[f.Subject] || f.Check == "gateway/reused-cert"
	}
	return slices.DeleteFunc(slices.Clone(findings), func(f validation.Finding) bool {
		return f.Check == "istio/IST0138" && ours[f.Subject]
	})
}
