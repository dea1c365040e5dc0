package inventory

import (
	"fmt"
	"strings"
)

// ID names one object of the mesh for good: <kind>.<group>:<cluster>:<namespace>:<name>, with the kind in small letters,
// and without the dot for Kubernetes' core group.
type ID struct {
	Kind      string
	Group     string
	Cluster   string
	Namespace string
	Name      string
}

// String is the documented form.
func (id ID) String() string {
	kind := strings.ToLower(id.Kind)
	if id.Group != "" {
		kind += "." + id.Group
	}
	return strings.Join([]string{kind, id.Cluster, id.Namespace, id.Name}, ":")
}

// ParseID reads the documented form. The kind is in small letters.
func ParseID(text string) (ID, error) {
	parts := strings.SplitN(text, ":", 4)
	if len(parts) != 4 || parts[0] == "" || parts[3] == "" {
		return ID{}, fmt.Errorf("%q is no ID of the form <kind>.<group>:<cluster>:<namespace>:<name>", text)
	}
	kind, group, _ := strings.Cut(parts[0], ".")
	return ID{Kind: kind, Group: group, Cluster: parts[1], Namespace: parts[2], Name: parts[3]}, nil
}
