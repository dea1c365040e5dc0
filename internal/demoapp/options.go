package demoapp

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/meshmanager/smm/internal/allspark/load"
)

// DefaultNamespace is where the demo application lives.
const DefaultNamespace = "smm-demo"

// DefaultImage is the image of allspark.
const DefaultImage = "meshmanager/allspark:0.1.0"

// Options say which demo application to render. Start from DefaultOptions.
type Options struct {
	Namespace  string
	Image      string
	Components []Component // none means all, or PeerComponents of a peer
	Replicas   int32
	Resources  corev1.ResourceRequirements

	// Revision is the value of the namespace's istio.io/rev label, "" when the namespace is not to be labelled.
	Revision string
	// OwnNamespace tells that the namespace is part of the application: made with it and removed with it.
	OwnNamespace bool
	// Proxyless makes the services speak gRPC over xDS themselves; otherwise they speak HTTP through a sidecar.
	Proxyless bool
	// Peer is a further cluster of the mesh: it has no load generator and leaves routing to the first.
	Peer bool
	// IstioResources tells whether to render the resources that route and secure the application's traffic.
	IstioResources bool

	// Load is what the load generator sends to frontpage.
	Load load.Settings
}

// DefaultOptions are the documented defaults.
func DefaultOptions() Options {
	return Options{
		Namespace: DefaultNamespace,
		Image:     DefaultImage,
		Replicas:  1,
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("40m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("192Mi")},
		},
		OwnNamespace:   true,
		IstioResources: true,
		Load:           load.Defaults(),
	}
}

// components are those to deploy.
func (o Options) components() []Component {
	switch {
	case len(o.Components) > 0:
		return o.Components
	case o.Peer:
		return PeerComponents()
	default:
		return Components()
	}
}

func (o Options) has(component Component) bool { return slices.Contains(o.components(), component) }

// generatesLoad tells whether the load generator is part of the application.
func (o Options) generatesLoad() bool { return o.has(Frontpage) && !o.Peer }

// host is the full name of a component's Service.
func (o Options) host(component Component) string {
	return fmt.Sprintf("%s.%s.svc.cluster.local", component, o.Namespace)
}

func (o Options) validate() error {
	switch {
	case o.Namespace == "" || o.Image == "":
		return errors.New("the demo application needs a namespace and an image")
	case o.Replicas < 0:
		return fmt.Errorf("the number of replicas is %d, which is negative", o.Replicas)
	case o.OwnNamespace && o.Revision == "":
		return errors.New("the demo application's namespace needs the revision of a control plane")
	}
	return o.Load.Validate()
}
