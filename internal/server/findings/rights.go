package findings

import (
	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/decode"
)

// ToList is what a user must be allowed to be shown findings on a kind. What is told of proxies is about pods, and what is
// told of a cluster as a whole about its control planes.
func ToList(kind validation.Kind) access.Action {
	switch kind {
	case validation.ProxySync:
		kind = validation.Pod
	case validation.Cluster:
		kind = validation.IstioControlPlane
	}
	for _, schema := range decode.Schemas() {
		if schema.Kind == kind {
			return access.Action{Verb: "list", Group: schema.Resource.Group, Resource: schema.Resource.Resource}
		}
	}
	return access.Action{Verb: "list", Group: "*", Resource: "*"}
}
