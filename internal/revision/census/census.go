// Package census reads from a cluster everything that may use a control plane.
package census

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/revision"
)

// page is how many objects are read at once: a cluster may have tens of thousands of pods.
const page = 500

// Take reads the whole cluster. A kind that the cluster does not know has no objects; any other
// failure is an error, because what could not be read must not pass for unused.
func Take(ctx context.Context, reader client.Reader) (revision.Cluster, error) {
	var c revision.Cluster
	for _, read := range []func(context.Context, client.Reader, *revision.Cluster) error{
		planes, webhooks, namespaces, gateways, entries, pods,
	} {
		if err := read(ctx, reader, &c); err != nil {
			return revision.Cluster{}, err
		}
	}
	return c, nil
}

// Selectors reads only what tells which label selects which control plane.
func Selectors(ctx context.Context, reader client.Reader) (revision.Cluster, error) {
	var c revision.Cluster
	if err := planes(ctx, reader, &c); err != nil {
		return c, err
	}
	return c, webhooks(ctx, reader, &c)
}

// each visits all objects of a kind, page by page. They are read past any cache: a cache of whole
// kinds, most of whose objects are not the product's, would cost more than a rare list.
func each(ctx context.Context, reader client.Reader, kind schema.GroupVersionKind, visit func(*unstructured.Unstructured)) error {
	for next := ""; ; {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := reader.List(ctx, list, client.Limit(page), client.Continue(next)); unknownKind(err) {
			return nil
		} else if err != nil {
			return fmt.Errorf("list every %s: %w", kind.Kind, err)
		}
		for i := range list.Items {
			visit(&list.Items[i])
		}
		if next = list.GetContinue(); next == "" {
			return nil
		}
	}
}

// unknownKind tells that the cluster does not know the kind.
func unknownKind(err error) bool {
	return meta.IsNoMatchError(err) || apierrors.IsNotFound(err)
}

// ownedBy tells whether the product applied the object on behalf of a resource of one of the kinds.
func ownedBy(object client.Object, kinds ...string) bool {
	kind, _, _ := strings.Cut(object.GetAnnotations()[kube.OwnerAnnotation], "/")
	for _, candidate := range kinds {
		if kind == candidate {
			return true
		}
	}
	return false
}

// ownedByProduct tells whether the object is a part of the product or of a control plane.
func ownedByProduct(object client.Object) bool {
	return ownedBy(object, smmv1alpha1.KindControlPlane, servicemeshv1alpha1.KindIstioControlPlane)
}
