package demoapp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/allspark/load"
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

// SwitchLoad turns the load generator on or off: for good in its settings, and at once in its pods, which keep running.
func (a *Application) SwitchLoad(ctx context.Context, namespace string, on bool) (LoadChange, error) {
	settings, err := a.loadSettings(ctx, namespace)
	if err != nil {
		return LoadChange{}, err
	}
	settings.Enabled = on
	o := DefaultOptions()
	o.Namespace, o.Load = namespace, settings
	objects, err := convert([]runtime.Object{loadSettings(o)})
	if err != nil {
		return LoadChange{}, err
	}
	if _, err := a.applier.Apply(ctx, owner(namespace), objects); err != nil {
		return LoadChange{}, fmt.Errorf("change the load: %w", err)
	}
	change := LoadChange{Namespace: namespace, Enabled: on, MinRPS: settings.MinRPS, MaxRPS: settings.MaxRPS}
	if err := a.tellGenerators(ctx, namespace, on); err != nil {
		change.Delayed = err.Error()
	}
	return change, nil
}

// loadSettings reads the settings of the installed load generator.
func (a *Application) loadSettings(ctx context.Context, namespace string) (load.Settings, error) {
	found := &corev1.ConfigMap{}
	err := a.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: LoadGenerator}, found)
	if apierrors.IsNotFound(err) || err == nil && found.Annotations[kube.OwnerAnnotation] != owner(namespace).String() {
		return load.Settings{}, fmt.Errorf("namespace %s has no load generator: run 'smm demoapp install' on the cluster that has the frontpage", namespace)
	}
	if err != nil {
		return load.Settings{}, fmt.Errorf("read the load settings: %w", err)
	}
	settings, err := load.Defaults().Parse(found.Data)
	if err != nil {
		return settings, fmt.Errorf("ConfigMap %s/%s: %w", namespace, LoadGenerator, err)
	}
	return settings, nil
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
