package platform

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/kube"
)

// Kept is what an uninstallation leaves on the cluster on purpose.
type Kept struct {
	// CRDs are the custom resource definitions of Istio and of the product.
	CRDs []string `json:"crds,omitempty"`
	// Namespaces were there before, or hold what is not the product's.
	Namespaces []string `json:"namespaces,omitempty"`
	// IstioControlPlanes were made by somebody else and go on running.
	IstioControlPlanes []string `json:"istioControlPlanes,omitempty"`
	// InjectionNamespaces still have the label that asks for a proxy.
	InjectionNamespaces []string `json:"injectionNamespaces,omitempty"`
}

// Uninstall removes what the installation made, in the reverse order, and tells what it kept.
// found is false when there is no installation. Unless the Installer is a forced one, the error is
// an *InUseError, and nothing was changed, when proxies are attached to the control plane.
func (i *Installer) Uninstall(ctx context.Context, name string, watch Watch) (kept Kept, found bool, err error) {
	cp, err := i.installed(ctx, name)
	if err != nil || cp == nil {
		return Kept{}, false, err
	}
	if err := i.InUse(ctx, name); err != nil && !i.forced {
		return Kept{}, true, err
	}
	revision := RevisionOf(cp, i.catalogue)
	injected, err := controlplane.InjectionNamespaces(ctx, i.client, revision)
	if err != nil {
		return Kept{}, true, err
	}
	version, err := i.server.ServerVersion()
	if err != nil {
		return Kept{}, true, fmt.Errorf("read the Kubernetes version: %w", err)
	}
	if err := i.driver(version.GitVersion).Uninstall(ctx, name, watch); err != nil {
		return Kept{}, true, err
	}
	if err := removeImpersonator(ctx, kube.NewApplier(i.client).LogTo(i.log)); err != nil {
		return Kept{}, true, err
	}
	kept, err = i.leftovers(ctx, cp)
	kept.InjectionNamespaces = injected
	return kept, true, err
}

// installed reads the ControlPlane, nil when there is none.
func (i *Installer) installed(ctx context.Context, name string) (*smmv1alpha1.ControlPlane, error) {
	cp := &smmv1alpha1.ControlPlane{}
	err := i.client.Get(ctx, client.ObjectKey{Name: name}, cp)
	switch {
	case err == nil:
		return cp, nil
	case ignoreNoKind(err) == nil:
		return nil, nil
	default:
		return nil, fmt.Errorf("read ControlPlane %s: %w", name, err)
	}
}

// leftovers looks at the cluster for what is still there.
func (i *Installer) leftovers(ctx context.Context, cp *smmv1alpha1.ControlPlane) (Kept, error) {
	var kept Kept
	var definitions apiextensionsv1.CustomResourceDefinitionList
	if err := i.client.List(ctx, &definitions, client.MatchingLabels{kube.ManagedByLabel: kube.ManagedByValue}); err != nil {
		return kept, fmt.Errorf("list CRDs: %w", err)
	}
	for _, definition := range definitions.Items {
		kept.CRDs = append(kept.CRDs, definition.Name)
	}
	for _, namespace := range Namespaces(cp, i.catalogue) {
		err := i.client.Get(ctx, client.ObjectKeyFromObject(namespace), &corev1.Namespace{})
		if err == nil {
			kept.Namespaces = append(kept.Namespaces, namespace.GetName())
		} else if !apierrors.IsNotFound(err) {
			return kept, fmt.Errorf("read namespace %s: %w", namespace.GetName(), err)
		}
	}
	remaining, err := revisions(ctx, i.client)
	if err != nil {
		return kept, err
	}
	for _, revision := range remaining {
		kept.IstioControlPlanes = append(kept.IstioControlPlanes, revision.Namespace+"/"+revision.Name)
	}
	slices.Sort(kept.CRDs)
	return kept, nil
}

// Lines says in words what was kept and why, a line each.
func (k Kept) Lines() []string {
	var lines []string
	if len(k.CRDs) > 0 {
		lines = append(lines, fmt.Sprintf("%d custom resource definitions, because removing them would remove every resource of these kinds", len(k.CRDs)))
	}
	if len(k.Namespaces) > 0 {
		lines = append(lines, "namespaces that were there before or hold other workloads: "+strings.Join(k.Namespaces, ", "))
	}
	if len(k.IstioControlPlanes) > 0 {
		lines = append(lines, "control planes that were not made by this installation: "+strings.Join(k.IstioControlPlanes, ", "))
	}
	if len(k.InjectionNamespaces) > 0 {
		lines = append(lines, "the injection label of namespaces: "+strings.Join(k.InjectionNamespaces, ", "))
	}
	return lines
}
