package stats

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// labelOf is the name of the label by which Prometheus gets the elements of a scope.
func labelOf(scope string) string {
	return map[string]string{"cluster": "cluster_name", "listener": "listener_address"}[scope]
}

// WriteText writes the statistics whose name the filter finds, in the form of Envoy's /stats.
func (r *Registry) WriteText(w io.Writer, filter *regexp.Regexp) error {
	for _, s := range r.samples() {
		if !filter.MatchString(s.Name.String()) {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s: %d\n", s.Name, s.value); err != nil {
			return err
		}
	}
	return nil
}

// WritePrometheus writes all statistics in the text format of Prometheus.
func (r *Registry) WritePrometheus(w io.Writer) error {
	last := ""
	for _, s := range r.samples() {
		name := "envoy_" + s.Scope + "_" + strings.ReplaceAll(s.Name.Name, ".", "_")
		if name != last {
			if _, err := fmt.Fprintf(w, "# TYPE %s %s\n", name, s.kind()); err != nil {
				return err
			}
			last = name
		}
		label := ""
		if s.Element != "" {
			label = fmt.Sprintf("{%s=%q}", labelOf(s.Scope), s.Element)
		}
		if _, err := fmt.Fprintf(w, "%s%s %d\n", name, label, s.value); err != nil {
			return err
		}
	}
	return nil
}

func (s sample) kind() string {
	if s.gauge {
		return "gauge"
	}
	return "counter"
}
