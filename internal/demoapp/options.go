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
	Components []Component // none means all
	Replicas   int32       // of each workload; with Autoscaling the fewest
	Resources  corev1.ResourceRequirements

	// Revision is the value of the pods' istio.io/rev label, "" where their namespace's label decides.
	Revision string
	// Autoscaling tells whether autoscalers add pods to workloads under load.
	Autoscaling bool
	// Proxyless makes the services speak gRPC over xDS themselves; otherwise they speak HTTP through a sidecar.
	Proxyless bool
	// IstioResources tells whether to render the resources that route the application's traffic.
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
		IstioResources: true,
		Load:           load.Defaults(),
	}
}

// components are those to deploy.
func (o Options) components() []Component {
	if len(o.Components) > 0 {
		return o.Components
	}
	return Components()
}

func (o Options) has(component Component) bool { return slices.Contains(o.components(), component) }

// generatesLoad tells whether the load generator is part of the application: it calls the frontpage.
func (o Options) generatesLoad() bool { return o.has(Frontpage) }

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
	}
	for _, component := range o.Components {
		if !slices.Contains(Components(), component) {
			return unknownComponent(string(component))
		}
	}
	return o.Load.Validate()
}
