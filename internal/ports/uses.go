package ports

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed uses.yaml
var usesText []byte

// use says what a listener and its ports are for.
type use struct {
	Description string            `json:"description"`
	Ports       map[string]string `json:"ports"`
}

// Describe adds what each listener and port is for. controlPlane is the name of the control plane in
// the listeners' names. The error names what nobody has described, and descriptions of what there is not.
func Describe(listeners []Listener, controlPlane string) error {
	var uses map[string]use
	if err := yaml.UnmarshalStrict(usesText, &uses); err != nil {
		return fmt.Errorf("read uses.yaml: %w", err)
	}
	var problems []error
	used := map[string]bool{}
	for i := range listeners {
		listener := &listeners[i]
		key := strings.ReplaceAll(listener.Name, controlPlane, "<control plane>")
		known, ok := uses[key]
		if !ok {
			problems = append(problems, fmt.Errorf("uses.yaml does not describe %s", key))
			continue
		}
		used[key] = true
		listener.Description = known.Description
		for j := range listener.Ports {
			port := &listener.Ports[j]
			if port.Use = known.Ports[port.Name]; port.Use == "" {
				problems = append(problems, fmt.Errorf("uses.yaml does not describe port %s of %s", port.Name, key))
			}
			used[key+" "+port.Name] = true
		}
	}
	for key, known := range uses {
		if !used[key] {
			problems = append(problems, fmt.Errorf("uses.yaml describes %s, which is not rendered", key))
			continue
		}
		for name := range known.Ports {
			if !used[key+" "+name] {
				problems = append(problems, fmt.Errorf("uses.yaml describes port %s of %s, which is not rendered", name, key))
			}
		}
	}
	return errors.Join(problems...)
}
