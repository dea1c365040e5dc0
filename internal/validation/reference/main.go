// Command reference writes the documentation of all checks into the file given.
package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"istio.io/istio/pkg/config/analysis/analyzers"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/checks"
)

const introduction = `# Checks

Generated from the program by ` + "`make generate`" + `. [analyze.md](analyze.md) describes how to run the checks.

A check has an ID, ` + "`<subject>/<concern>` or `<subject>/<concern>/<fault>`" + `, and a severity. An error does not work as
written, a warning probably not as meant, an info is worth knowing. To accept a finding on an object, annotate the
object with ` + "`galley.istio.io/analyze-suppress: <ID>`" + `, with several IDs between commas, or with ` + "`*`" + `.
`

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reference <file>")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], page(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func page() []byte {
	var text bytes.Buffer
	text.WriteString(introduction)
	subject := ""
	for _, check := range checks.All() {
		if of, _, _ := strings.Cut(check.ID, "/"); of != subject {
			subject = of
			fmt.Fprintf(&text, "\n## %s\n", subject)
		}
		describe(&text, check)
	}
	text.WriteString(istioChecks())
	return text.Bytes()
}

func describe(text *bytes.Buffer, check validation.Check) {
	fmt.Fprintf(text, "\n### %s\n\n", check.ID)
	fmt.Fprintf(text, "%s: %s.\n\n", strings.ToUpper(string(check.Severity[:1]))+string(check.Severity[1:]), check.Message)
	fmt.Fprintf(text, "- Cause: %s\n- Mend: %s\n- Looks at: %s", check.Cause, check.Mend, names(check.Subjects))
	if context := slices.DeleteFunc(slices.Clone(check.Reads), func(k validation.Kind) bool { return slices.Contains(check.Subjects, k) }); len(context) > 0 {
		fmt.Fprintf(text, "; reads also: %s", names(context))
	}
	if check.Across {
		text.WriteString("; in all clusters")
	}
	text.WriteString("\n")
}

func names(kinds []validation.Kind) string {
	list := make([]string, len(kinds))
	for i, kind := range kinds {
		list[i] = kind.Short()
	}
	return strings.Join(list, ", ")
}

func istioChecks() string {
	var text strings.Builder
	text.WriteString("\n## istio\n\nIstio's own analyzers run too, in the version that is built in. Their findings have the IDs of their messages,\n" +
		"`istio/IST0101` for example, which [Istio's documentation](https://istio.io/latest/docs/reference/config/analysis/) explains.\n\n" +
		"| analyzer | what it does |\n|---|---|\n")
	for _, analyzer := range analyzers.All() {
		metadata := analyzer.Metadata()
		fmt.Fprintf(&text, "| %s | %s |\n", metadata.Name, strings.TrimSuffix(metadata.Description, "."))
	}
	return text.String()
}
