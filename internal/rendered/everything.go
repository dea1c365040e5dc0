// Package rendered renders an installation with every component, for what has to know all that the
// product may put on a cluster: the inventory of ports, and the check that the operator watches it.
package rendered

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/meshgateway"
	"github.com/meshmanager/smm/internal/platform"
)

// overrides switch on what of a control plane is off by default.
const overrides = `
spec:
  meshExpansion: {enabled: true}
  istiod:
    deployment:
      podDisruptionBudget: {minAvailable: 1}
      replicas: {min: 1, max: 3}
  proxyInit:
    cni: {enabled: true, resourceQuotas: {enabled: true}}
`

// ControlPlane is the name of the control plane of the installation.
func ControlPlane() string { return istio.ControlPlaneName(istio.BuiltinVersion) }

// Everything renders all objects of the installation, those of its gateways included.
func Everything(openShift bool) ([]*unstructured.Unstructured, error) {
	catalogue := istio.Builtin()
	release, err := catalogue.Find("")
	if err != nil {
		return nil, err
	}
	cp := whole(openShift)
	desired, err := platform.IstioControlPlane(cp, catalogue)
	if err != nil {
		return nil, err
	}
	icp := &servicemeshv1alpha1.IstioControlPlane{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(desired.Object, icp); err != nil {
		return nil, fmt.Errorf("read the IstioControlPlane: %w", err)
	}
	rendered, err := controlplane.Render(icp, release, controlplane.Facts{OpenShift: openShift, Base: true, CNI: true})
	if err != nil {
		return nil, err
	}
	objects := append([]*unstructured.Unstructured{desired}, rendered.All()...)
	objects = append(objects, platform.Namespaces(cp, catalogue)...)
	components, err := platform.Components(cp, catalogue)
	if err != nil {
		return nil, err
	}
	objects = append(objects, components...)
	for _, object := range objects {
		if object.GetKind() != servicemeshv1alpha1.KindIstioMeshGateway {
			continue
		}
		parts, err := gatewayObjects(object, release, openShift)
		if err != nil {
			return nil, err
		}
		objects = append(objects, parts...)
	}
	return objects, nil
}

// whole is the ControlPlane that asks for every component.
func whole(openShift bool) *smmv1alpha1.ControlPlane {
	cp := &smmv1alpha1.ControlPlane{}
	cp.Name = platform.ControlPlaneName
	on := true
	cp.Spec.ClusterName = "cluster"
	cp.Spec.ClusterRegistry = &smmv1alpha1.NamespacedComponent{Component: smmv1alpha1.Component{Enabled: &on}}
	cp.Spec.NodeExporter = &smmv1alpha1.NodeExporter{Component: smmv1alpha1.Component{Enabled: &on}}
	cp.Spec.SMM = &smmv1alpha1.SMM{
		Component: smmv1alpha1.Component{Enabled: &on},
		Prometheus: &smmv1alpha1.Prometheus{
			Component: smmv1alpha1.Component{Enabled: &on}, Thanos: &smmv1alpha1.Thanos{Component: smmv1alpha1.Component{Enabled: &on}},
		},
		Application: &smmv1alpha1.Component{Enabled: &on},
		ExposeDashboard: &smmv1alpha1.ExposeDashboard{MeshGateway: &smmv1alpha1.DashboardGateway{
			Enabled: &on, TLS: &smmv1alpha1.DashboardTLS{Enabled: &on, CredentialName: "certificate"},
		}},
		AdmissionWarnings: &smmv1alpha1.Toggle{Enabled: &on},
	}
	if openShift {
		cp.Spec.SMM.Auth = &smmv1alpha1.Auth{Mode: smmv1alpha1.AuthModeAnonymous} // the two forms of sign-in have different rights
		cp.Spec.Platform = smmv1alpha1.PlatformOpenShift
	}
	cp.Spec.MeshManager = &smmv1alpha1.MeshManager{Istio: &smmv1alpha1.MeshManagerIstio{IstioCROverrides: overrides}}
	return cp
}

func gatewayObjects(object *unstructured.Unstructured, release istio.Release, openShift bool) ([]*unstructured.Unstructured, error) {
	gateway := &servicemeshv1alpha1.IstioMeshGateway{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, gateway); err != nil {
		return nil, fmt.Errorf("read IstioMeshGateway %s: %w", object.GetName(), err)
	}
	injection := meshgateway.Injection{Revision: meshgateway.RevisionOf(gateway), Version: release.Version}
	return meshgateway.Objects(gateway, injection, release, meshgateway.Cluster{OpenShift: openShift})
}
