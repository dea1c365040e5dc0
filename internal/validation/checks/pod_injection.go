package checks

import (
	"strings"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
	"github.com/meshmanager/smm/internal/validation/sidecar"
)

func outdatedInjection() validation.Check {
	return validation.Check{
		ID:       "pod/sidecar/outdated-injection",
		Severity: validation.Warning,
		Message:  "pod runs a proxy with other settings than would be injected now",
		Cause: "The control plane's templates, its settings of proxies, a ProxyConfig or an annotation have changed since the pod was created. " +
			"What is injected now has other arguments, variables or resources. They are taken over only when the pod is replaced.",
		Mend:     "Restart the workload: kubectl rollout restart.",
		Subjects: of(validation.Pod),
		Reads:    kinds(injectionReads(), of(validation.ProxyConfig)),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			plane := injectorOf(v, o)
			if plane == nil || finished(o) || injectedRevision(o) != plane.Revision || hasOutdatedImage(plane, o) {
				return // other checks tell of these
			}
			injector := facts.Injector(v, plane)
			if injector == nil {
				return
			}
			pod := facts.InjectedPod(v, plane, o)
			now, err := injector.Render(pod)
			if err != nil {
				return // istiod could not inject it either, and tells so
			}
			if different := sidecar.Differences(now, pod); len(different) > 0 {
				report(validation.At(proxyField(o), values("differences", strings.Join(different, ", "))))
			}
		},
	}
}
