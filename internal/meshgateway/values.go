package meshgateway

import (
	"cmp"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// serviceAccountSuffix makes the name of a gateway's account, which authorization policies refer
// to, from the gateway's.
const serviceAccountSuffix = "-service-account"

// defaultTargetCPU is the CPU use that an autoscaler aims at unless told otherwise, in percent.
const defaultTargetCPU = 80

// Values translates a gateway into the values of Istio's gateway chart. What the chart cannot
// express is laid over the rendered objects. It is pure.
func Values(gateway *v1alpha1.IstioMeshGateway) map[string]any {
	values := map[string]any{
		"serviceAccount": map[string]any{"name": gateway.Name + serviceAccountSuffix},
		"service":        map[string]any{"type": string(serviceType(gateway)), "ports": chartPorts(gateway)},
	}
	scale := scaleOf(gateway.Spec.Deployment)
	if !scale.automatic {
		values["autoscaling"] = map[string]any{"enabled": false}
		values["replicaCount"] = int64(scale.count)
		return values
	}
	values["autoscaling"] = map[string]any{
		"enabled":                        true,
		"minReplicas":                    int64(scale.min),
		"maxReplicas":                    int64(scale.max),
		"targetCPUUtilizationPercentage": int64(scale.targetCPU),
	}
	return values
}

// scale is how many pods a gateway has.
type scale struct {
	automatic           bool
	count               int32 // unless automatic
	min, max, targetCPU int32 // if automatic
}

// scaleOf asks for an autoscaler only where both bounds are set and leave it room. Equal bounds
// are a fixed number of pods, unless another one is given.
func scaleOf(deployment *v1alpha1.WorkloadConfig) scale {
	if deployment == nil || deployment.Replicas == nil {
		return scale{count: 1}
	}
	replicas := deployment.Replicas
	switch {
	case replicas.Min != nil && replicas.Max != nil && *replicas.Max > *replicas.Min:
		return scale{
			automatic: true,
			min:       max(1, *replicas.Min), // Kubernetes scales to none only by other metrics
			max:       *replicas.Max,
			targetCPU: cmp.Or(valueOf(replicas.TargetCPUUtilizationPercentage), defaultTargetCPU),
		}
	case replicas.Count != nil:
		return scale{count: *replicas.Count}
	case replicas.Min != nil && replicas.Max != nil:
		return scale{count: *replicas.Min}
	}
	return scale{count: 1}
}

func valueOf(number *int32) int32 {
	if number == nil {
		return 0
	}
	return *number
}
