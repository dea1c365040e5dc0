package alauda

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// preferredWeight is the weight of keeping pods of a component apart where that is not mandatory.
const preferredWeight = 100

// workload is how the pods of a component run; pods are labels of these.
func workload(spec *asmv1alpha1.ServiceMeshSpec, name string, pods map[string]string) *v1alpha1.WorkloadConfig {
	c := component(spec, name)
	if c == nil {
		return nil
	}
	config := &v1alpha1.WorkloadConfig{Replicas: replicas(c), Affinity: apart(c.Affinity, pods, isTrue(spec.RequiredAntiAffinity))}
	config.Resources = resources(c)
	return config
}

func resources(c *asmv1alpha1.ComponentConfig) *corev1.ResourceRequirements {
	if c.Resources == nil || len(c.Resources.Limits)+len(c.Resources.Requests) == 0 {
		return nil
	}
	return c.Resources.DeepCopy()
}

func replicas(c *asmv1alpha1.ComponentConfig) *v1alpha1.Replicas {
	if c.HPASpec != nil && isTrue(c.HPASpec.Enabled) {
		return &v1alpha1.Replicas{Min: c.HPASpec.MinReplicas, Max: c.HPASpec.MaxReplicas, TargetCPUUtilizationPercentage: c.HPASpec.TargetCPUUtilizationPercentage}
	}
	if c.ReplicaCount == nil {
		return nil
	}
	return &v1alpha1.Replicas{Count: c.ReplicaCount}
}

// apart adds to an affinity that no two of the pods run on one node: they must not, or should not.
func apart(given *corev1.Affinity, pods map[string]string, mandatory bool) *corev1.Affinity {
	affinity := &corev1.Affinity{}
	if given != nil {
		affinity = given.DeepCopy()
	}
	if affinity.PodAntiAffinity == nil {
		affinity.PodAntiAffinity = &corev1.PodAntiAffinity{}
	}
	term := corev1.PodAffinityTerm{
		LabelSelector: &metav1.LabelSelector{MatchLabels: pods}, TopologyKey: corev1.LabelHostname,
	}
	anti := affinity.PodAntiAffinity
	if mandatory {
		anti.RequiredDuringSchedulingIgnoredDuringExecution = append(anti.RequiredDuringSchedulingIgnoredDuringExecution, term)
	} else {
		anti.PreferredDuringSchedulingIgnoredDuringExecution = append(anti.PreferredDuringSchedulingIgnoredDuringExecution,
			corev1.WeightedPodAffinityTerm{Weight: preferredWeight, PodAffinityTerm: term})
	}
	return affinity
}
