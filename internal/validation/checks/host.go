package checks

import (
	"strings"

	"github.com/meshmanager/smm/internal/validation/facts"
)

// wildcardNamespace reads *.local and *.<namespace>.svc.cluster.local. The namespace is "" for the whole mesh.
func wildcardNamespace(host string) (namespace string, wildcard bool) {
	rest, found := strings.CutPrefix(host, "*.")
	if !found {
		return "", false
	}
	if rest == "local" || rest == facts.Domain || rest == "svc."+facts.Domain {
		return "", true
	}
	namespace, found = strings.CutSuffix(rest, ".svc."+facts.Domain)
	return namespace, found && !strings.Contains(namespace, ".")
}
