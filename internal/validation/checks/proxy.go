package checks

import (
	"strings"

	"github.com/meshmanager/smm/internal/validation"
)

// proxyChecks look at what control planes tell about the proxies that are connected to them.
func proxyChecks() []validation.Check {
	return []validation.Check{
		proxyCheck(validation.Check{
			ID: "proxy/sync/rejected", Severity: validation.Error,
			Message: "the proxy rejects its configuration",
			Cause:   "The proxy keeps the last configuration that it accepted, so that later changes do not reach it. Often an EnvoyFilter or WasmPlugin is the reason.",
			Mend:    "The log of the proxy tells what it does not accept; correct that resource.",
		}, func(state *validation.ProxyState) []string { return state.Rejected }),
		proxyCheck(validation.Check{
			ID: "proxy/sync/stale", Severity: validation.Warning,
			Message: "the proxy is behind its control plane",
			Cause:   "The control plane sent configuration that the proxy has not acknowledged: it is overloaded, or cannot be reached well.",
			Mend:    "Wait a minute; if it stays so, look at processor and memory of the proxy and of istiod, and at the network between them.",
		}, func(state *validation.ProxyState) []string { return state.Stale }),
	}
}

func proxyCheck(check validation.Check, types func(*validation.ProxyState) []string) validation.Check {
	check.Subjects = of(validation.ProxySync)
	check.Run = func(_ validation.View, o *validation.Object, report validation.Report) {
		state := validation.SpecOf[*validation.ProxyState](o)
		if state == nil {
			return
		}
		if found := types(state); len(found) > 0 {
			report(validation.Fault{Context: values("types", strings.Join(found, ", "), "controlPlane", state.ControlPlane)})
		}
	}
	return check
}
