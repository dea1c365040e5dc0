package rights

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/demoapp"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/meshgateway"
	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/registry"
	"github.com/meshmanager/smm/internal/rendered"
)

// Rendered are objects of every kind that the renderers produce: those of resources that use
// every setting that brings a kind of its own, for each built-in release.
func Rendered() ([]*unstructured.Unstructured, error) {
	catalogue := istio.Builtin()
	objects, err := ofControlPlane(catalogue)
	if err != nil {
		return nil, err
	}
	for _, release := range catalogue {
		definitions, err := release.CRDs()
		if err != nil {
			return nil, err
		}
		objects = append(objects, definitions...)
		for _, icp := range everySetting(release) {
			parts, err := controlplane.Render(icp, release, controlplane.Facts{Base: true, CNI: true, OpenShift: true})
			if err != nil {
				return nil, fmt.Errorf("render a control plane of Istio %s: %w", release.Version, err)
			}
			objects = append(objects, parts.All()...)
			remote := controlplane.Remote{Addresses: []string{"192.0.2.1"}, Root: "root", Namespaces: []string{icp.Namespace}}
			passive, err := controlplane.Passive(icp, release, remote, "")
			if err != nil {
				return nil, fmt.Errorf("render a passive control plane of Istio %s: %w", release.Version, err)
			}
			objects = append(objects, passive...)
		}
		gateway, err := ofGateway(release)
		if err != nil {
			return nil, fmt.Errorf("render a gateway of Istio %s: %w", release.Version, err)
		}
		objects = append(objects, gateway...)
	}
	for _, openShift := range []bool{false, true} {
		installation, err := rendered.Everything(openShift)
		if err != nil {
			return nil, err
		}
		// The chart brings the ClusterRoles that only an administrator may make.
		objects = append(objects, slices.DeleteFunc(installation, registry.IsAggregated)...)
	}
	demo := demoapp.DefaultOptions()
	demo.Autoscaling = true
	application, err := demoapp.Render(demo)
	return append(objects, application...), err
}

// ofControlPlane is what the ControlPlane itself brings.
func ofControlPlane(catalogue istio.Catalogue) ([]*unstructured.Unstructured, error) {
	objects, err := platform.Definitions()
	if err != nil {
		return nil, err
	}
	cp := &smmv1alpha1.ControlPlane{}
	objects = append(objects, platform.Namespaces(cp, catalogue)...)
	icp, err := platform.IstioControlPlane(cp, catalogue)
	return append(objects, icp), err
}

func revisionOf(release istio.Release) istio.Revision {
	return istio.Revision{Name: istio.ControlPlaneName(release.Version), Namespace: istio.DefaultNamespace}
}

// everySetting are control planes that together use every setting that brings a kind or a right.
func everySetting(release istio.Release) []*v1alpha1.IstioControlPlane {
	icp := &v1alpha1.IstioControlPlane{}
	icp.Namespace, icp.Name = istio.DefaultNamespace, revisionOf(release).Name
	icp.Spec.Version = release.Version
	icp.Spec.Istiod = &v1alpha1.IstiodConfig{Deployment: &v1alpha1.WorkloadConfig{PodDisruptionBudget: aBudget()}}
	icp.Spec.MeshExpansion = &v1alpha1.MeshExpansionConfig{Enabled: new(true)}
	icp.Spec.ProxyInit = &v1alpha1.ProxyInitConfig{CNI: &v1alpha1.CNIConfig{
		Enabled: new(true), ResourceQuotas: &v1alpha1.CNIResourceQuotas{Enabled: new(true)},
	}}
	narrow := icp.DeepCopy()
	narrow.Spec.WatchOneNamespace = new(true)
	return []*v1alpha1.IstioControlPlane{icp, narrow}
}

func ofGateway(release istio.Release) ([]*unstructured.Unstructured, error) {
	gateway := &v1alpha1.IstioMeshGateway{}
	gateway.Namespace, gateway.Name = istio.DefaultNamespace, "ingress"
	gateway.Spec.Type = v1alpha1.GatewayTypeIngress
	gateway.Spec.IstioControlPlane = metav1alpha1.NamespacedName{Name: revisionOf(release).Name, Namespace: istio.DefaultNamespace}
	gateway.Spec.Deployment = &v1alpha1.WorkloadConfig{
		Replicas:            &v1alpha1.Replicas{Min: new(int32(1)), Max: new(int32(2))},
		PodDisruptionBudget: aBudget(),
	}
	injection := meshgateway.Injection{Revision: revisionOf(release), Version: release.Version}
	return meshgateway.Objects(gateway, injection, release, meshgateway.Cluster{OpenShift: true})
}

func aBudget() *v1alpha1.PodDisruptionBudget {
	return &v1alpha1.PodDisruptionBudget{MinAvailable: new(intstr.FromInt32(1))}
}
