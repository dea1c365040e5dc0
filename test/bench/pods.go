package main

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/demoapp"
)

// measuredPods is how many pods are started at once.
const measuredPods = 30

// measurePods starts pods outside the mesh and reports how many become ready in a second.
func measurePods(ctx context.Context, config *rest.Config, r *report) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	const namespace = "bench"
	wanted := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, wanted, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("make namespace %s: %w", namespace, err)
	}
	started := time.Now()
	if _, err := client.AppsV1().Deployments(namespace).Create(ctx, manyPods(namespace), metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("make a Deployment: %w", err)
	}
	if err := poll(ctx, deploymentsReady(client, namespace)); err != nil {
		return fmt.Errorf("%d pods: %w", measuredPods, err)
	}
	r.count(fmt.Sprintf("pods started per second (%d at once)", measuredPods), measuredPods/time.Since(started).Seconds(), "")
	return nil
}

func manyPods(namespace string) *appsv1.Deployment {
	replicas := int32(measuredPods)
	labels := map[string]string{"app": "many"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "many", Namespace: namespace},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "many", Image: demoapp.DefaultImage}}},
			},
		},
	}
}
