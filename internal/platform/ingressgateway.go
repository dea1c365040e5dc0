package platform

import (
	"cmp"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// defaultReleaseName begins the names of smm's objects.
const defaultReleaseName = "smm"

// ingressGateway is the part of smm through which its other parts are reached: the gateway
// smm-ingressgateway. It is for nothing else, and its ports are the product's.
func ingressGateway(catalogue istio.Catalogue) renderedComponent {
	return renderedComponent{
		key:    smmv1alpha1.ComponentSMM,
		wanted: wantsSMM,
		render: func(cp *smmv1alpha1.ControlPlane) ([]*unstructured.Unstructured, error) {
			settings, err := smmSettingsOf(&cp.Spec)
			if err != nil {
				return nil, err
			}
			return encode([]runtime.Object{ingressGatewayOf(cp, settings, catalogue)})
		},
	}
}

func smmSettingsOf(spec *smmv1alpha1.ControlPlaneSpec) (smmv1alpha1.SMM, error) {
	defaults := smmv1alpha1.SMM{Namespace: SystemNamespace, ReleaseName: defaultReleaseName}
	return settle(defaults, spec.SMM, override{
		path: "spec.smm.valuesOverride", values: spec.SMM.ValuesOverride, managed: []string{"enabled", "namespace", "role"},
	})
}

func ingressGatewayOf(cp *smmv1alpha1.ControlPlane, settings smmv1alpha1.SMM, catalogue istio.Catalogue) *servicemeshv1alpha1.IstioMeshGateway {
	revision := RevisionOf(cp, catalogue)
	if settings.Istio != nil {
		if chosen, ok := istio.ParseRevisionLabel(settings.Istio.Revision); ok {
			revision = chosen
		}
	}
	gateway := &servicemeshv1alpha1.IstioMeshGateway{}
	gateway.SetGroupVersionKind(servicemeshv1alpha1.GroupVersion.WithKind(servicemeshv1alpha1.KindIstioMeshGateway))
	gateway.Namespace = settings.Namespace
	gateway.Name = settings.ReleaseName + "-ingressgateway"
	gateway.Labels = map[string]string{"app": gateway.Name}
	gateway.Spec = servicemeshv1alpha1.IstioMeshGatewaySpec{
		Type:              servicemeshv1alpha1.GatewayTypeIngress,
		IstioControlPlane: metav1alpha1.NamespacedName{Name: revision.Name, Namespace: revision.Namespace},
		Deployment:        gatewayWorkload(&cp.Spec),
	}
	gateway.Spec.Service.Type = corev1.ServiceTypeClusterIP
	gateway.Spec.Service.Ports = []servicemeshv1alpha1.ServicePort{
		{Name: "http2", Port: 80, Protocol: corev1.ProtocolTCP, TargetPort: new(intstr.FromInt32(8080))},
	}
	return gateway
}

// meshed is a component whose pods have proxies of the mesh: there is none of it before the
// cluster has a control plane.
type meshed struct{ rendered }

func (m meshed) install(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (state, error) {
	mesh := cp.Status.Components[smmv1alpha1.ComponentMeshManager]
	if mesh.Status == smmv1alpha1.ComponentUnmanaged {
		return unmanaged(fmt.Sprintf("it needs a control plane: %s", cmp.Or(mesh.Message, "there is none"))), nil
	}
	if mesh.Status != smmv1alpha1.ComponentAvailable && len(cp.Status.Components[m.key].Inventory) == 0 {
		return reconciling("a control plane to be available"), nil
	}
	return m.rendered.install(ctx, cp, save)
}
