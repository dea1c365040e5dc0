package controlplane

import (
	"cmp"
	"errors"
	"regexp"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

func setIstiod(values tree, spec *v1alpha1.IstioControlPlaneSpec, namespace string) error {
	var err error
	if spec.Logging != nil {
		err = values.set("global.logging.level", spec.Logging.Level)
	}
	err = errors.Join(err, values.set("env", chartEnv(istiodEnv(spec, namespace))))
	istiod := spec.Istiod
	if istiod == nil {
		return err
	}
	if istiod.ExternalIstiod != nil {
		err = errors.Join(err, values.set("global.externalIstiod", istiod.ExternalIstiod.Enabled))
	}
	if deployment := istiod.Deployment; deployment != nil {
		err = errors.Join(err, values.set("image", deployment.Image), setReplicas(values, deployment.Replicas))
	}
	return errors.Join(err,
		values.set("global.istiod.enableAnalysis", istiod.EnableAnalysis),
		values.set("traceSampling", istiod.TraceSampling),
	)
}

// istiodEnv is the environment of istiod beside what the chart sets: what follows from other
// fields, then what the specification lists, which has the last word.
func istiodEnv(spec *v1alpha1.IstioControlPlaneSpec, namespace string) []corev1.EnvVar {
	env := httpProxyOfIstiod(spec)
	if isTrue(spec.WatchOneNamespace) {
		env = append(env, corev1.EnvVar{Name: "ISTIO_WATCH_NAMESPACE", Value: namespace})
	}
	if spec.SDS != nil && spec.SDS.TokenAudience != "" {
		// istiod admits the tokens that it has proxies ask for.
		env = append(env, corev1.EnvVar{Name: "TOKEN_AUDIENCES", Value: spec.SDS.TokenAudience})
	}
	if wantsOrdinaryProxy(spec.SidecarInjector) {
		env = append(env, corev1.EnvVar{Name: "ENABLE_NATIVE_SIDECARS", Value: "false"})
	}
	if spec.Istiod == nil {
		return env
	}
	if sampling := spec.Istiod.TraceSampling; sampling != nil {
		// The chart takes 0 for not set.
		env = append(env, corev1.EnvVar{Name: "PILOT_TRACE_SAMPLING", Value: strconv.FormatFloat(*sampling, 'f', -1, 64)})
	}
	if spec.Istiod.Deployment != nil {
		env = append(env, spec.Istiod.Deployment.Env...)
	}
	return env
}

// plainEnv is what a chart can print in quotes.
var plainEnv = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=[A-Za-z0-9_./:,@ -]*$`)

// chartEnv is the part of an environment that the chart's own decisions may depend on, with truth
// values as the chart compares them. The chart prints it sorted and without escaping, so that the
// environment itself is laid over the rendered Deployment.
func chartEnv(env []corev1.EnvVar) map[string]any {
	values := map[string]any{}
	for _, variable := range env {
		switch {
		case variable.ValueFrom != nil || !plainEnv.MatchString(variable.Name+"="+variable.Value):
		case variable.Value == "true" || variable.Value == "false":
			values[variable.Name] = variable.Value == "true"
		default:
			values[variable.Name] = variable.Value
		}
	}
	return values
}

// scale is how many pods istiod has: between two bounds, or a fixed number.
type scale struct {
	automatic bool
	min, max  int32 // if automatic
	count     int32 // unless automatic
}

// The bounds of istiod's autoscaler, where a specification leaves them out.
const (
	defaultMinReplicas = 1
	defaultMaxReplicas = 5
)

// scaleOf keeps the documented autoscaler unless a number without bounds, or bounds that leave no
// room, ask for a fixed number.
func scaleOf(replicas *v1alpha1.Replicas) scale {
	asked := v1alpha1.Replicas{}
	if replicas != nil {
		asked = *replicas
	}
	bounded := asked.Min != nil || asked.Max != nil
	least := cmp.Or(valueOf(asked.Min), defaultMinReplicas)
	most := max(least, cmp.Or(valueOf(asked.Max), defaultMaxReplicas))
	switch {
	case asked.Count != nil && !bounded:
		return scale{count: *asked.Count}
	case bounded && least == most:
		return scale{count: least}
	}
	return scale{automatic: true, min: least, max: most}
}

func setReplicas(values tree, replicas *v1alpha1.Replicas) error {
	if replicas == nil {
		return nil
	}
	wanted := scaleOf(replicas)
	if !wanted.automatic {
		return errors.Join(values.set("autoscaleEnabled", false), values.set("replicaCount", wanted.count))
	}
	return errors.Join(
		values.set("autoscaleMin", wanted.min),
		values.set("autoscaleMax", wanted.max),
		values.set("cpu.targetAverageUtilization", replicas.TargetCPUUtilizationPercentage),
	)
}

func valueOf(number *int32) int32 {
	if number == nil {
		return 0
	}
	return *number
}
