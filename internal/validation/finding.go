package validation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Severity says how bad a finding is.
type Severity string

// The severities, worst first.
const (
	Error   Severity = "error"   // it does not work, or not as written
	Warning Severity = "warning" // it works, but probably not as meant
	Info    Severity = "info"    // worth knowing
)

// ParseSeverity returns the severity of that name.
func ParseSeverity(name string) (Severity, error) {
	switch s := Severity(name); s {
	case Error, Warning, Info:
		return s, nil
	}
	return "", fmt.Errorf("it must be %s, %s or %s", Error, Warning, Info)
}

// AtLeast tells whether s is as bad as other, or worse.
func (s Severity) AtLeast(other Severity) bool { return s.rank() <= other.rank() }

func (s Severity) rank() int { return slices.Index([]Severity{Error, Warning, Info}, s) }

// Finding is one validation result: what is wrong with which object, and where in it.
type Finding struct {
	// Check is the ID of what was found, such as gateway/port/protocol-conflict.
	Check    string
	Severity Severity
	Message  string
	Subject  ID
	// Revision is the control plane that reads the subject; empty when none is known.
	Revision string
	// Path is the place at fault as it is shown, Field the exact one for editors. Both start in the specification.
	Path  string
	Field string
	// Context holds the values that matter.
	Context map[string]string
	// Source is the file that the subject comes from, if it does.
	Source Source
}

// Group is the part of a check's ID that names its subject and concern: gateway/port of gateway/port/protocol-conflict.
func (f Finding) Group() string {
	parts := strings.SplitN(f.Check, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// compareFindings is the order of all outputs: by object, then by check, then by place.
func compareFindings(a, b Finding) int {
	return cmp.Or(
		compareIDs(a.Subject, b.Subject), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Field, b.Field),
		cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message), compareContexts(a.Context, b.Context),
	)
}

func compareContexts(a, b map[string]string) int {
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if order := cmp.Compare(a[key], b[key]); order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}

func equalFindings(a, b Finding) bool {
	return a.Check == b.Check && a.Severity == b.Severity && a.Message == b.Message && a.Subject == b.Subject &&
		a.Path == b.Path && a.Field == b.Field && a.Source == b.Source && maps.Equal(a.Context, b.Context)
}
