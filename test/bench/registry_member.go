package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/registry"
)

// groupMember is one cluster: an API server, and a cluster registry in a process of its own.
type groupMember struct {
	client.WithWatch
	name       string
	server     *kubetest.Server
	config     *rest.Config
	controller *process
}

// startMember starts a cluster. life is how long its controller runs.
func startMember(ctx, life context.Context, sandbox, smm, name string) (*groupMember, error) {
	server, err := kubetest.StartServer(sandbox)
	if err != nil {
		return nil, err
	}
	m := &groupMember{name: name, server: server}
	if m.config, err = clientcmd.BuildConfigFromFlags("", server.Kubeconfig); err != nil {
		return m, err
	}
	m.config.QPS = -1
	scheme, err := api.NewScheme()
	if err != nil {
		return m, err
	}
	if m.WithWatch, err = client.NewWithWatch(m.config, client.Options{Scheme: scheme}); err != nil {
		return m, err
	}
	if err := m.prepare(ctx); err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	m.controller, err = start(life, "the cluster registry of "+name, smm, "--kubeconfig", server.Kubeconfig, "operator", "cluster-registry",
		"--cluster-name", name, "--api-server-endpoint-address", m.config.Host, "--leader-elect=false", "--health-address", "", "--metrics-address", "")
	return m, err
}

// prepare makes the kinds, and what peers read with. The controllers that would fill aggregated roles do not run.
func (m *groupMember) prepare(ctx context.Context) error {
	definitions, err := crds.All()
	if err != nil {
		return err
	}
	var objects []client.Object
	for _, definition := range definitions {
		if definition.Spec.Group == v1alpha1.GroupVersion.Group {
			objects = append(objects, definition)
		}
	}
	objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: registry.DefaultNamespace}})
	rendered, err := registry.Objects(registry.Installation{Namespace: registry.DefaultNamespace, ClusterName: m.name})
	if err != nil {
		return err
	}
	filled, err := fillRoles(rendered)
	if err != nil {
		return err
	}
	for _, object := range append(objects, filled...) {
		if err := m.Create(ctx, object); client.IgnoreAlreadyExists(err) != nil {
			return err
		}
	}
	return m.until(ctx, "the kinds are served", func(ctx context.Context) (bool, error) {
		err := errors.Join(m.List(ctx, &v1alpha1.ClusterList{}), m.List(ctx, &v1alpha1.ResourceSyncRuleList{}), m.List(ctx, &v1alpha1.ClusterFeatureList{}))
		return err == nil, nil
	})
}

// fillRoles does what Kubernetes does with roles that aggregate others, and leaves out the Deployment.
func fillRoles(objects []*unstructured.Unstructured) ([]client.Object, error) {
	var all []client.Object
	for _, object := range objects {
		if object.GetKind() == "Deployment" {
			continue
		}
		if !registry.IsAggregated(object) {
			all = append(all, object)
			continue
		}
		var role rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
			return nil, err
		}
		for label := range role.AggregationRule.ClusterRoleSelectors[0].MatchLabels {
			for _, part := range objects {
				if part.GetLabels()[label] == "" {
					continue
				}
				var from rbacv1.ClusterRole
				if err := runtime.DefaultUnstructuredConverter.FromUnstructured(part.Object, &from); err != nil {
					return nil, err
				}
				role.Rules = append(role.Rules, from.Rules...)
			}
		}
		role.AggregationRule = nil
		all = append(all, &role)
	}
	return all, nil
}

func (m *groupMember) stop() error {
	var err error
	if m.controller != nil {
		err = m.controller.stop()
	}
	m.server.Stop()
	return err
}

// tell gives another cluster the Cluster and the credentials of this one, once its registry has made them.
func (m *groupMember) tell(ctx context.Context, to *groupMember) error {
	var known v1alpha1.Cluster
	var secret corev1.Secret
	err := m.until(ctx, "it has credentials for others", func(ctx context.Context) (bool, error) {
		return m.Get(ctx, client.ObjectKey{Name: m.name}, &known) == nil &&
			m.Get(ctx, client.ObjectKey{Namespace: registry.DefaultNamespace, Name: m.name}, &secret) == nil, nil
	})
	if err != nil {
		return err
	}
	for _, object := range []client.Object{
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: secret.Namespace, Name: secret.Name}, Type: secret.Type, Data: secret.Data},
		&v1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: known.Name}, Spec: known.Spec},
	} {
		if err := to.Create(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

func (m *groupMember) until(ctx context.Context, what string, holds func(context.Context) (bool, error)) error {
	if err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, registryPatience, true, holds); err != nil {
		return fmt.Errorf("%s: until %s: %w", m.name, what, err)
	}
	return nil
}

// sees returns when a Secret has the value. It tells when it has begun to watch.
func (m *groupMember) sees(ctx context.Context, name, value string, watching chan<- struct{}) error {
	watcher, err := m.Watch(ctx, &corev1.SecretList{}, client.InNamespace(registry.DefaultNamespace), client.MatchingFields{"metadata.name": name})
	if err != nil {
		return err
	}
	defer watcher.Stop()
	watching <- struct{}{}
	for event := range watcher.ResultChan() {
		if secret, ok := event.Object.(*corev1.Secret); ok && string(secret.Data["value"]) == value {
			return nil
		}
	}
	return fmt.Errorf("%s: the watch of Secret %s ended: %w", m.name, name, context.Cause(ctx))
}

// reads is how often the API server was asked, rather than watched, for what registries read.
func (m *groupMember) reads(ctx context.Context) (float64, error) {
	clientset, err := kubernetes.NewForConfig(m.config)
	if err != nil {
		return 0, err
	}
	text, err := clientset.Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return 0, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, metric := range families["apiserver_request_total"].GetMetric() {
		labels := map[string]string{}
		for _, label := range metric.GetLabel() {
			labels[label.GetName()] = label.GetValue()
		}
		resources := []string{"clusters", "clusterfeatures", "resourcesyncrules", "secrets", "nodes"}
		if (labels["verb"] == "GET" || labels["verb"] == "LIST") && slices.Contains(resources, labels["resource"]) {
			total += metric.GetCounter().GetValue()
		}
	}
	return total, nil
}
