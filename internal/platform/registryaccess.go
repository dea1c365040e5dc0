package platform

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// RegistryAccessNamespace is the documented namespace of the secrets with the registry's
// credentials.
const RegistryAccessNamespace = "smm-registry-access"

// registryAccess is the component that copies the registry's credentials to where the product's
// pods run and to where pods get its proxies, which come from the same registry.
type registryAccess struct {
	keeper
	catalogue istio.Catalogue
}

func (r registryAccess) name() string { return smmv1alpha1.ComponentRegistryAccess }

func (r registryAccess) enabled(cp *smmv1alpha1.ControlPlane) bool {
	return wantsRegistryAccess(&cp.Spec)
}

func wantsRegistryAccess(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return spec.RegistryAccess != nil && isTrue(spec.RegistryAccess.Enabled)
}

func (r registryAccess) install(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (state, error) {
	settings, err := settle(smmv1alpha1.RegistryAccess{Namespace: RegistryAccessNamespace}, cp.Spec.RegistryAccess, override{
		path: "spec.registryAccess.valuesOverride", values: cp.Spec.RegistryAccess.ValuesOverride, managed: []string{"enabled"},
	})
	if err != nil {
		return state{}, err
	}
	namespaces, err := r.namespaces(ctx, cp)
	if err != nil {
		return state{}, err
	}
	var copies []runtime.Object
	for _, name := range settings.PullSecrets {
		key := client.ObjectKey{Namespace: cmp.Or(name.Namespace, settings.Namespace), Name: name.Name}
		some, err := r.copies(ctx, cp, key, namespaces)
		if err != nil {
			return state{}, err
		}
		copies = append(copies, some...)
	}
	objects, err := encode(copies)
	if err != nil {
		return state{}, err
	}
	now, err := r.keep(ctx, cp, r.name(), objects, save)
	if now.status == smmv1alpha1.ComponentAvailable {
		now.message = fmt.Sprintf("%d pull secrets are kept in %d namespaces", len(settings.PullSecrets), len(namespaces))
	}
	return now, err
}

func (r registryAccess) remove(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (state, error) {
	return r.clear(ctx, cp, r.name(), save)
}

// namespaces are those that get the credentials. What is being deleted takes nothing new.
func (r registryAccess) namespaces(ctx context.Context, cp *smmv1alpha1.ControlPlane) ([]string, error) {
	names, err := controlplane.InjectionNamespaces(ctx, r.client, RevisionOf(cp, r.catalogue))
	if err != nil {
		return nil, err
	}
	for _, namespace := range Namespaces(cp, r.catalogue) {
		names = append(names, namespace.GetName())
	}
	slices.Sort(names)
	var active []string
	for _, name := range slices.Compact(names) {
		var live corev1.Namespace
		err := r.client.Get(ctx, client.ObjectKey{Name: name}, &live)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("read namespace %s: %w", name, err)
		}
		if err == nil && live.DeletionTimestamp == nil {
			active = append(active, name)
		}
	}
	return active, nil
}

// copies are those of one secret. A secret of the same name that is not ours is left alone.
func (r registryAccess) copies(ctx context.Context, cp *smmv1alpha1.ControlPlane, key client.ObjectKey, namespaces []string) ([]runtime.Object, error) {
	var source corev1.Secret
	err := r.client.Get(ctx, key, &source)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("pull secret %s, which spec.registryAccess.pullSecrets names, does not exist: create it", key)
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %s: %w", key, err)
	}
	var copies []runtime.Object
	for _, namespace := range namespaces {
		var live corev1.Secret
		err := r.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: key.Name}, &live)
		switch {
		case client.IgnoreNotFound(err) != nil:
			return nil, fmt.Errorf("read Secret %s/%s: %w", namespace, key.Name, err)
		case err == nil && live.Annotations[kube.OwnerAnnotation] != ownerOf(cp).String():
			continue
		}
		copies = append(copies, &corev1.Secret{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: key.Name},
			Type:       source.Type,
			Data:       source.Data,
		})
	}
	return copies, nil
}
