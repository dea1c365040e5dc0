package demoapp

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/injection"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// Wanted is what the user of a command asked for; what is left open depends on the cluster.
type Wanted struct {
	Components   []Component // none means all, or PeerComponents of a peer
	Replicas     int32
	Autoscaling  bool
	Image        string // "" for the product's own
	Peer         bool   // a further cluster of the mesh: it makes no load and leaves routing to the first
	ControlPlane string // name of an IstioControlPlane, or "" for the only one
	Proxyless    *bool  // nil lets the nodes' label decide
}

// Prepared is what a command is going to apply.
type Prepared struct {
	// Revision is the value of the istio.io/rev label that selects the application's control plane.
	Revision string
	// Namespace is that of the application if it is the application's own, nil if somebody else made it.
	Namespace *unstructured.Unstructured
	// Application is the DemoApplication.
	Application *unstructured.Unstructured
}

// Prepare completes what is wanted with what the cluster is like. It writes nothing.
func (a *Application) Prepare(ctx context.Context, wanted Wanted) (Prepared, error) {
	planes, err := injection.ControlPlanes(ctx, a.client)
	if err != nil {
		return Prepared{}, err
	}
	namespace := &corev1.Namespace{}
	err = a.client.Get(ctx, client.ObjectKey{Name: DefaultNamespace}, namespace)
	if client.IgnoreNotFound(err) != nil {
		return Prepared{}, fmt.Errorf("read namespace %s: %w", DefaultNamespace, err)
	}
	made := apierrors.IsNotFound(err) || namespace.DeletionTimestamp != nil || isOwn(namespace)
	if label := namespace.Labels[istio.RevisionLabel]; wanted.ControlPlane == "" && selectsOne(planes, label) {
		wanted.ControlPlane = label // a namespace that was moved to another control plane stays there
	}
	plane, err := injection.Choose(planes, wanted.ControlPlane)
	if err != nil {
		return Prepared{}, err
	}
	prepared := Prepared{Revision: plane.Label()}
	if made {
		prepared.Namespace, err = encode(ownNamespace(plane.Label()))
		if err != nil {
			return Prepared{}, err
		}
	}
	prepared.Application, err = encode(desired(wanted, plane.Label()))
	return prepared, err
}

func selectsOne(planes []istio.Revision, label string) bool {
	return label != "" && slices.ContainsFunc(planes, func(plane istio.Revision) bool { return plane.Selects(label) })
}

// isOwn tells whether a command made the namespace for the application.
func isOwn(namespace *corev1.Namespace) bool {
	return namespace.Annotations[kube.OwnerAnnotation] == commandsOwner().String()
}

// ownNamespace is the application's namespace as the documents have it.
func ownNamespace(revision string) *corev1.Namespace {
	return &corev1.Namespace{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{
			Name: DefaultNamespace,
			Labels: map[string]string{
				"app.kubernetes.io/instance": partOf,
				"app.kubernetes.io/name":     partOf,
				partOfLabel:                  partOf,
				istio.RevisionLabel:          revision,
			},
		},
	}
}

// desired is the DemoApplication that is written for what is wanted, in full, as the documents have it.
func desired(wanted Wanted, revision string) *smmv1alpha1.DemoApplication {
	defaults := DefaultOptions()
	components := wanted.Components
	switch {
	case len(components) > 0:
	case wanted.Peer:
		components = PeerComponents()
	default:
		components = Components()
	}
	key := keyOf(DefaultNamespace)
	demo := &smmv1alpha1.DemoApplication{
		TypeMeta:   metav1.TypeMeta{APIVersion: smmv1alpha1.GroupVersion.String(), Kind: smmv1alpha1.KindDemoApplication},
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name},
		Spec: smmv1alpha1.DemoApplicationSpec{
			Enabled:              ptr(true),
			Replicas:             ptr(wanted.Replicas),
			Resources:            &defaults.Resources,
			Autoscaling:          &smmv1alpha1.Toggle{Enabled: ptr(wanted.Autoscaling)},
			Istio:                &smmv1alpha1.IstioRevision{Revision: revision},
			DeployIstioResources: ptr(!wanted.Peer),
			Load: &smmv1alpha1.DemoLoad{
				Enabled:     ptr(defaults.Load.Enabled && !wanted.Peer),
				MinRPS:      ptr(int32(defaults.Load.MinRPS)),
				MaxRPS:      ptr(int32(defaults.Load.MaxRPS)),
				SwingPeriod: ptr(int64(defaults.Load.SwingPeriod)),
			},
			Image:     wanted.Image,
			Proxyless: wanted.Proxyless,
		},
	}
	for _, component := range components {
		demo.Spec.EnabledComponents = append(demo.Spec.EnabledComponents, smmv1alpha1.DemoComponent(component))
	}
	return demo
}

func encode(object runtime.Object) (*unstructured.Unstructured, error) {
	objects, err := convert([]runtime.Object{object})
	if err != nil {
		return nil, err
	}
	return objects[0], nil
}

// Objects renders everything that the application will consist of, for users who apply it themselves.
func (a *Application) Objects(ctx context.Context, prepared Prepared) ([]*unstructured.Unstructured, error) {
	demo := &smmv1alpha1.DemoApplication{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(prepared.Application.Object, demo); err != nil {
		return nil, fmt.Errorf("decode the DemoApplication: %w", err)
	}
	options := optionsOf(demo)
	if demo.Spec.Proxyless == nil {
		var err error
		if options.Proxyless, err = nodesAreProxyless(ctx, a.client); err != nil {
			return nil, err
		}
	}
	rendered, err := Render(options)
	if err != nil {
		return nil, err
	}
	objects := []*unstructured.Unstructured{prepared.Application}
	if prepared.Namespace != nil {
		objects = append([]*unstructured.Unstructured{prepared.Namespace}, objects...)
	}
	return append(objects, rendered...), nil
}
