package platform

import (
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/validation/decode"
)

// withWarnings is a ControlPlane with the server, with and without admission warnings.
func withWarnings(application, warnings bool) *smmv1alpha1.ControlPlane {
	on := true
	cp := &smmv1alpha1.ControlPlane{}
	cp.Spec.SMM = &smmv1alpha1.SMM{
		Component: smmv1alpha1.Component{Enabled: &on}, Application: &smmv1alpha1.Component{Enabled: &application},
		AdmissionWarnings: &smmv1alpha1.Toggle{Enabled: &warnings},
	}
	return cp
}

// Admission warnings bring a webhook that holds nobody up, a port, and the right to one object; without them there is none
// of it.
func TestAdmissionWarnings(t *testing.T) {
	for _, on := range []bool{false, true} {
		cp := withWarnings(true, on)
		settings, err := applicationSettingsOf(&cp.Spec)
		if err != nil {
			t.Fatal(err)
		}
		var webhook, port, argument, right bool
		for _, object := range applicationObjects(cp, settings) {
			switch o := object.(type) {
			case *admissionregistrationv1.ValidatingWebhookConfiguration:
				webhook = true
				w := o.Webhooks[0]
				if *w.FailurePolicy != admissionregistrationv1.Ignore || *w.TimeoutSeconds != 1 || w.ClientConfig.CABundle != nil {
					t.Errorf("the webhook holds people up, or overwrites certificates: %+v", w)
				}
			case *corev1.Service:
				port = slices.ContainsFunc(o.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == warningsPort })
			case *appsv1.Deployment:
				argument = slices.ContainsFunc(o.Spec.Template.Spec.Containers[0].Args, func(a string) bool { return strings.HasPrefix(a, "--admission-") })
			case *rbacv1.ClusterRole:
				right = slices.ContainsFunc(o.Rules, func(r rbacv1.PolicyRule) bool {
					return slices.Contains(r.Resources, "validatingwebhookconfigurations") && slices.Contains(r.Verbs, "patch")
				})
			}
		}
		if webhook != on || port != on || argument != on || right != on {
			t.Errorf("switched on %t: webhook %t, port %t, argument %t, right %t", on, webhook, port, argument, right)
		}
	}
	if fields := Unsupported(&withWarnings(false, true).Spec); !slices.Contains(fields, "spec.smm.admissionWarnings") {
		t.Errorf("without the server nobody is warned, and only %v are named", fields)
	}
}

// The API server asks about kinds that the checks read.
func TestWarningsAreAboutCheckedKinds(t *testing.T) {
	for _, rule := range warningsRules() {
		for _, resource := range rule.Resources {
			if !slices.ContainsFunc(decode.Schemas(), func(s decode.Schema) bool {
				return s.Resource.Group == rule.APIGroups[0] && s.Resource.Resource == resource
			}) {
				t.Errorf("no check reads %s of %q", resource, rule.APIGroups[0])
			}
		}
	}
}
