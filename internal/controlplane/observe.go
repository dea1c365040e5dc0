package controlplane

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// observation is what a status is computed from.
type observation struct {
	istiod              *appsv1.Deployment // nil when it does not exist
	istiodAddresses     []string
	injectionNamespaces []string
	caRootCertificate   string
	waiting             string // what objects other than istiod's wait for
}

// observe reads the state of a control plane and its objects from the cluster.
func observe(ctx context.Context, reader client.Reader, revision istio.Revision, objects []*unstructured.Unstructured) (observation, error) {
	var seen observation
	var err error
	if seen.waiting, err = daemonSetsWaiting(ctx, reader, objects); err != nil {
		return seen, err
	}
	if seen.istiod, err = readIstiod(ctx, reader, revision); err != nil {
		return seen, err
	}
	if seen.istiodAddresses, err = readIstiodAddresses(ctx, reader, revision); err != nil {
		return seen, err
	}
	if seen.injectionNamespaces, err = InjectionNamespaces(ctx, reader, revision); err != nil {
		return seen, err
	}
	seen.caRootCertificate, err = readRootCertificate(ctx, reader, revision)
	return seen, err
}

func readIstiod(ctx context.Context, reader client.Reader, revision istio.Revision) (*appsv1.Deployment, error) {
	istiod := &appsv1.Deployment{}
	err := reader.Get(ctx, client.ObjectKey{Namespace: revision.Namespace, Name: revision.Istiod()}, istiod)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Deployment %s: %w", revision.Istiod(), err)
	}
	return istiod, nil
}

// daemonSetsWaiting says what the first of the DaemonSets that is not rolled out waits for.
func daemonSetsWaiting(ctx context.Context, reader client.Reader, objects []*unstructured.Unstructured) (string, error) {
	for _, object := range objects {
		if object.GetKind() != "DaemonSet" {
			continue
		}
		daemonSet := &appsv1.DaemonSet{}
		err := reader.Get(ctx, client.ObjectKeyFromObject(object), daemonSet)
		if apierrors.IsNotFound(err) {
			return kube.RefOf(object).String() + " is not created yet", nil
		}
		if err != nil {
			return "", fmt.Errorf("read %s: %w", kube.RefOf(object), err)
		}
		if ready, reason := kube.DaemonSetReady(daemonSet); !ready {
			return reason, nil
		}
	}
	return "", nil
}

// istiodPods lists the control plane's pods.
func istiodPods(ctx context.Context, reader client.Reader, revision istio.Revision) ([]corev1.Pod, error) {
	var pods corev1.PodList
	err := reader.List(ctx, &pods, client.InNamespace(revision.Namespace),
		client.MatchingLabels{"app": "istiod", istio.RevisionLabel: revision.Name})
	if err != nil {
		return nil, fmt.Errorf("list pods of %s: %w", revision.Istiod(), err)
	}
	return pods.Items, nil
}

func readIstiodAddresses(ctx context.Context, reader client.Reader, revision istio.Revision) ([]string, error) {
	pods, err := istiodPods(ctx, reader, revision)
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, pod := range pods {
		if pod.Status.PodIP != "" && pod.DeletionTimestamp == nil {
			addresses = append(addresses, pod.Status.PodIP)
		}
	}
	slices.Sort(addresses)
	return addresses, nil
}

// InjectionNamespaces lists the namespaces whose pods get a proxy of the control plane, by name.
func InjectionNamespaces(ctx context.Context, reader client.Reader, revision istio.Revision) ([]string, error) {
	var namespaces corev1.NamespaceList
	if err := reader.List(ctx, &namespaces, client.HasLabels{istio.RevisionLabel}); err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	var names []string
	for _, namespace := range namespaces.Items {
		if revision.Selects(namespace.Labels[istio.RevisionLabel]) {
			names = append(names, namespace.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func readRootCertificate(ctx context.Context, reader client.Reader, revision istio.Revision) (string, error) {
	var root corev1.ConfigMap
	err := reader.Get(ctx, client.ObjectKey{Namespace: revision.Namespace, Name: istio.RootCertConfigMap}, &root)
	if client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("read ConfigMap %s: %w", istio.RootCertConfigMap, err)
	}
	return root.Data["root-cert.pem"], nil
}
