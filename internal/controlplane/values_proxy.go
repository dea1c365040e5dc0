package controlplane

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

func setProxy(values tree, spec *v1alpha1.IstioControlPlaneSpec) error {
	var err error
	if spec.TelemetryV2 != nil {
		err = values.set("telemetry.enabled", spec.TelemetryV2.Enabled)
	}
	if spec.SDS != nil {
		err = errors.Join(err, values.set("global.sds.token.aud", spec.SDS.TokenAudience))
	}
	proxy := spec.Proxy
	if proxy == nil {
		return err
	}
	return errors.Join(err,
		values.set("global.proxy.image", proxy.Image),
		values.set("global.proxy.privileged", proxy.Privileged),
		values.set("global.proxy.logLevel", strings.ToLower(string(proxy.LogLevel))),
		values.set("global.proxy.componentLogLevel", proxy.ComponentLogLevel),
		values.set("global.proxy.clusterDomain", proxy.ClusterDomain),
		values.set("global.proxy.lifecycle", proxy.Lifecycle),
		values.set("global.proxy.resources", resourcesInPlaceOfDefaults(proxy.Resources)),
		values.set("global.proxy.includeIPRanges", proxy.IncludeIPRanges),
		values.set("global.proxy.excludeIPRanges", proxy.ExcludeIPRanges),
		values.set("global.proxy.excludeInboundPorts", proxy.ExcludeInboundPorts),
		values.set("global.proxy.excludeOutboundPorts", proxy.ExcludeOutboundPorts),
		setTracer(values, spec),
	)
}

// resourcesInPlaceOfDefaults says of the resources that are not asked for that there are none:
// the chart would merge those that are with its own, and a request might exceed the chart's limit.
func resourcesInPlaceOfDefaults(asked *corev1.ResourceRequirements) map[string]any {
	if asked == nil || len(asked.Requests)+len(asked.Limits)+len(asked.Claims) == 0 {
		return nil
	}
	exactly := func(quantities corev1.ResourceList) map[string]any {
		list := map[string]any{string(corev1.ResourceCPU): nil, string(corev1.ResourceMemory): nil}
		for name, quantity := range quantities {
			list[string(name)] = quantity.String()
		}
		return list
	}
	resources := map[string]any{"requests": exactly(asked.Requests), "limits": exactly(asked.Limits)}
	if len(asked.Claims) > 0 {
		resources["claims"] = asked.Claims
	}
	return resources
}

// tracers are the kinds of tracers that the chart has settings for.
func tracers() []string {
	return []string{"zipkin", "lightstep", "datadog", "stackdriver", "none"}
}

// setTracer chooses the kind of tracer. Where its traces go is part of the mesh config.
func setTracer(values tree, spec *v1alpha1.IstioControlPlaneSpec) error {
	kind := strings.ToLower(spec.Proxy.Tracer)
	if kind == "" {
		return nil
	}
	if !slices.Contains(tracers(), kind) {
		return fmt.Errorf("spec.proxy.tracer: %q is none of %s", spec.Proxy.Tracer, strings.Join(tracers(), ", "))
	}
	if kind == "lightstep" {
		tracer, err := objectOf(spec.Tracer, "spec.tracer")
		if err != nil {
			return err
		}
		collector, _ := tracer["lightstep"].(map[string]any)
		address, _ := collector["address"].(string)
		if address == "" {
			return errors.New("spec.proxy.tracer: lightstep needs spec.tracer.lightstep.address")
		}
		// The chart has no default for it.
		if err := values.set("global.tracer.lightstep.address", address); err != nil {
			return err
		}
	}
	return values.set("global.proxy.tracer", kind)
}
