package meshgateway

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// What keeps a gateway from its proxies is found out before anything is made, and named.
func TestObstacleTo(t *testing.T) {
	labelled := func(labels map[string]string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: labels}}
	}
	going := labelled(nil)
	going.DeletionTimestamp = new(metav1.Now())
	icp := &v1alpha1.IstioControlPlane{}
	for name, test := range map[string]struct {
		reference metav1alpha1.NamespacedName
		seen      surroundings
		reason    string // "" for no obstacle
		message   string // a part of it
	}{
		"no label":                    {seen: surroundings{labelled(nil), icp}},
		"the documented label":        {seen: surroundings{labelled(map[string]string{"istio.io/rev": "cp-v131x.istio-system"}), icp}},
		"Istio's own revision":        {seen: surroundings{labelled(map[string]string{"istio.io/rev": "cp-v131x"}), icp}},
		"another control plane":       {seen: surroundings{labelled(map[string]string{"istio.io/rev": "cp-v130x.istio-system"}), icp}, reason: "InjectionPrevented", message: "istio.io/rev=cp-v130x.istio-system"},
		"injection switched off":      {seen: surroundings{labelled(map[string]string{"istio-injection": "disabled"}), icp}, reason: "InjectionPrevented", message: "istio-injection=disabled"},
		"no control plane":            {seen: surroundings{namespace: labelled(nil)}, reason: "ControlPlaneMissing", message: "IstioControlPlane istio-system/cp-v131x does not exist"},
		"no reference":                {reference: metav1alpha1.NamespacedName{Namespace: "a"}, seen: surroundings{namespace: labelled(nil)}, reason: "ControlPlaneMissing", message: "spec.istioControlPlane"},
		"of the gateway's namespace":  {reference: metav1alpha1.NamespacedName{Name: "cp"}, seen: surroundings{namespace: labelled(nil)}, reason: "ControlPlaneMissing", message: "IstioControlPlane shop/cp does not exist"},
		"a namespace that goes away":  {seen: surroundings{going, nil}, reason: "NamespaceTerminating", message: "namespace shop is being deleted"},
		"a namespace that went away":  {seen: surroundings{nil, icp}, reason: "NamespaceTerminating"},
		"other labels are no concern": {seen: surroundings{labelled(map[string]string{"team": "shop"}), icp}},
	} {
		t.Run(name, func(t *testing.T) {
			gateway := &v1alpha1.IstioMeshGateway{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "ingress"}}
			gateway.Spec.IstioControlPlane = test.reference
			if test.reference == (metav1alpha1.NamespacedName{}) {
				gateway.Spec.IstioControlPlane = metav1alpha1.NamespacedName{Name: "cp-v131x", Namespace: "istio-system"}
			}
			found := obstacleTo(gateway, test.seen)
			switch {
			case test.reason == "" && found != nil:
				t.Errorf("obstacle %+v; want none", *found)
			case test.reason != "" && found == nil:
				t.Errorf("no obstacle; want %s", test.reason)
			case found != nil && (found.reason != test.reason || !strings.Contains(found.message, test.message)):
				t.Errorf("obstacle %+v; want %s: %s", *found, test.reason, test.message)
			}
		})
	}
}
