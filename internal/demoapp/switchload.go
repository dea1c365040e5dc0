package demoapp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// tellTimeout is how long telling the running generators may take.
const tellTimeout = 5 * time.Second

// LoadChange tells what switching the load generator did.
type LoadChange struct {
	Namespace string  `json:"namespace"`
	Enabled   bool    `json:"enabled"`
	MinRPS    float64 `json:"minRPS"`
	MaxRPS    float64 `json:"maxRPS"`
	// Delayed is why the running generator could not be told: it will see the change by itself, within two minutes.
	Delayed string `json:"delayed,omitempty"`
}

// SwitchLoad turns the load generator on or off: for good in the DemoApplication, and at once in the generator's pods,
// which keep running.
func (a *Application) SwitchLoad(ctx context.Context, namespace string, on bool) (LoadChange, error) {
	demo, err := a.generating(ctx, namespace)
	if err != nil {
		return LoadChange{}, err
	}
	patch := fmt.Appendf(nil, `{"spec":{"load":{"enabled":%t}}}`, on)
	if loadOf(demo.Spec.Load).Enabled != on {
		if err := a.client.Patch(ctx, demo, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(kube.FieldManager)); err != nil {
			return LoadChange{}, fmt.Errorf("change the load: %w", err)
		}
	}
	if demo, err = a.reconcile(ctx, client.ObjectKeyFromObject(demo)); err != nil {
		return LoadChange{}, err
	}
	if err := failureOf(demo); err != nil {
		return LoadChange{}, err
	}
	settings := loadOf(demo.Spec.Load)
	change := LoadChange{Namespace: namespace, Enabled: settings.Enabled, MinRPS: settings.MinRPS, MaxRPS: settings.MaxRPS}
	if err := a.tellGenerators(ctx, namespace, on); err != nil {
		change.Delayed = err.Error()
	}
	return change, nil
}

// generating reads the application of a namespace, which must have a load generator.
func (a *Application) generating(ctx context.Context, namespace string) (*smmv1alpha1.DemoApplication, error) {
	demo := &smmv1alpha1.DemoApplication{}
	err := a.client.Get(ctx, keyOf(namespace), demo)
	switch {
	case err == nil && isEnabled(demo) && optionsOf(demo).generatesLoad():
		return demo, nil
	case err == nil, apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return nil, fmt.Errorf("namespace %s has no load generator: run 'smm demoapp install' on the cluster that has the frontpage", namespace)
	}
	return nil, fmt.Errorf("read the demo application: %w", err)
}

// tellGenerators tells the running generators to start or to stop.
func (a *Application) tellGenerators(ctx context.Context, namespace string, on bool) error {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	pods := &corev1.PodList{}
	if err := a.client.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabels{"app": LoadGenerator}); err != nil {
		return fmt.Errorf("list the load generator's pods: %w", err)
	}
	action := "stop"
	if on {
		action = "start"
	}
	for _, pod := range pods.Items {
		if pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil {
			continue // it will read its settings when it starts
		}
		body, err := a.clientset.CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").SubResource("proxy").
			Name(fmt.Sprintf("%s:%d", pod.Name, portControl)).Suffix("load", action).Do(ctx).Raw()
		if err != nil {
			return fmt.Errorf("tell pod %s: %w", pod.Name, err)
		}
		var answer struct {
			Enabled bool `json:"enabled"`
		}
		if err := json.Unmarshal(body, &answer); err != nil || answer.Enabled != on {
			return fmt.Errorf("pod %s answered %.100q", pod.Name, body)
		}
	}
	return nil
}
