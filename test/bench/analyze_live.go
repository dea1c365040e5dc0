package main

import (
	"context"
	"fmt"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

const (
	otherConfigMaps = 12_000
	otherSecrets    = 5_000
	clusterEach     = 20 // objects of every kind: 200 objects
	parallelWrites  = 16
)

// measureLiveAnalyze fills an API server step by step and analyzes what it holds.
func measureLiveAnalyze(ctx context.Context, bin string, r *report) error {
	server, err := kubetest.StartServer(filepath.Join(bin, "smm-sandbox"))
	if err != nil {
		return err
	}
	defer server.Stop()
	config, err := clientcmd.BuildConfigFromFlags("", server.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1
	c, err := client.New(config, client.Options{})
	if err != nil {
		return err
	}
	definitions, err := istio.Builtin()[0].CRDs()
	if err != nil {
		return err
	}
	if _, err := kube.NewApplier(c).Apply(ctx, kube.Owner{Kind: "Istio", Name: "crds"}, definitions); err != nil {
		return err
	}
	if err := poll(ctx, served(c)); err != nil {
		return err
	}
	if err := create(ctx, c, meshOf(clusterEach)); err != nil {
		return err
	}
	if err := measureManyClusters(ctx, bin, server.Kubeconfig, r); err != nil {
		return err
	}
	ours := []string{"--kubeconfig", server.Kubeconfig, "analyze", "--fail-on", "never", "-o", "json"}
	theirs := []string{"--kubeconfig", server.Kubeconfig, "analyze", "--all-namespaces"}
	for _, each := range analyzedSizes() {
		if err := create(ctx, c, meshOf(each)); err != nil {
			return err
		}
		if err := compare(ctx, bin, fmt.Sprintf("%d objects of every kind, live", each), r, ours, theirs); err != nil {
			return err
		}
	}
	if err := create(ctx, c, others()); err != nil {
		return err
	}
	used, err := timed(ctx, filepath.Join(bin, "smm"), ours)
	if err != nil {
		return err
	}
	const what = "smm analyze, live, with 12,000 other ConfigMaps and 5,000 Secrets"
	r.seconds(what, seconds(used.seconds), "as without")
	r.mebibytes(what+": memory", used.memory, "under 200 MiB")
	return nil
}

// served tells whether the API server serves Istio's kinds.
func served(c client.Client) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		for _, o := range serviceWithConfiguration("default", "probe") {
			list := &unstructured.UnstructuredList{}
			list.SetGroupVersionKind(o.GroupVersionKind())
			if err := c.List(ctx, list, client.Limit(1)); err != nil {
				return false, nil //nolint:nilerr // not yet
			}
		}
		return true, nil
	}
}

// create makes the objects that are not there.
func create(ctx context.Context, c client.Client, objects []*unstructured.Unstructured) error {
	make := func(wanted func(*unstructured.Unstructured) bool) error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(parallelWrites)
		for _, o := range objects {
			if !wanted(o) {
				continue
			}
			group.Go(func() error {
				if err := c.Create(ctx, o.DeepCopy()); err != nil && !apierrors.IsAlreadyExists(err) {
					return fmt.Errorf("make %s %s: %w", o.GetKind(), o.GetName(), err)
				}
				return nil
			})
		}
		return group.Wait()
	}
	isNamespace := func(o *unstructured.Unstructured) bool { return o.GetKind() == "Namespace" }
	if err := make(isNamespace); err != nil {
		return err
	}
	return make(func(o *unstructured.Unstructured) bool { return !isNamespace(o) })
}

// others are objects that no check reads, a kilobyte each.
func others() []*unstructured.Unstructured {
	var objects []*unstructured.Unstructured
	for i := range otherConfigMaps + otherSecrets {
		kind, field := "ConfigMap", "data"
		if i >= otherConfigMaps {
			kind, field = "Secret", "stringData"
		}
		o := object("v1", kind, "team-0", fmt.Sprintf("other-%d", i), nil)
		o.Object[field] = map[string]any{"key": fmt.Sprintf("%01000d", i)}
		objects = append(objects, o)
	}
	return objects
}
