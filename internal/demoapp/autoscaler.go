package demoapp

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// addedPods is how many pods an autoscaler may add to a workload.
	addedPods = 4
	// targetCPU is the CPU use that an autoscaler aims at, in percent of what the pods request.
	targetCPU = 80
)

// scales tells whether an autoscaler decides the number of a workload's pods. It cannot begin with none, and databases
// are one pod each.
func (o Options) scales(w workload) bool {
	return o.Autoscaling && o.Replicas > 0 && w.component.databasePort() == 0
}

func autoscaler(o Options, w workload) *autoscalingv2.HorizontalPodAutoscaler {
	return &autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta:   metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"},
		ObjectMeta: objectMeta(o, w.name()),
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: w.name()},
			MinReplicas:    ptr(o.Replicas),
			MaxReplicas:    o.Replicas + addedPods,
			Metrics: []autoscalingv2.MetricSpec{{
				Type: autoscalingv2.ResourceMetricSourceType,
				Resource: &autoscalingv2.ResourceMetricSource{
					Name:   corev1.ResourceCPU,
					Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: ptr(int32(targetCPU))},
				},
			}},
		},
	}
}
