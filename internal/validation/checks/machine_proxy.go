package checks

import (
	"strings"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func outdatedMachine() validation.Check {
	return validation.Check{
		ID:       "workloadentry/proxy/outdated",
		Severity: validation.Error,
		Message:  "the machine runs another version of Istio than its control plane",
		Cause: "The program on the machine takes a new version of Istio along, but restarts nothing that serves traffic: " +
			"the proxy stays at its version until Istio or the machine is restarted.",
		Mend:     "When traffic allows it, restart Istio on the machine: systemctl restart istio.",
		Subjects: of(validation.WorkloadEntry),
		Reads:    kinds(of(validation.ProxySync), of(validation.Deployment, validation.ConfigMap, validation.IstioControlPlane)),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			proxy := v.Get(validation.ProxySync, o.Namespace, o.Name)
			if proxy == nil {
				return
			}
			state := validation.SpecOf[*validation.ProxyState](proxy)
			version, _, _ := strings.Cut(state.Version, "-")
			for _, plane := range facts.ControlPlanes(v) {
				if plane.Revision == state.ControlPlane && plane.Version != "" && version != "" && plane.Version != version {
					report(validation.Fault{Context: values("version", version, "controlPlane", plane.Label(), "expected", plane.Version)})
				}
			}
		},
	}
}
