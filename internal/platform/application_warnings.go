package platform

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

const (
	// warningsName is the name of the ValidatingWebhookConfiguration of the admission warnings.
	warningsName = "smm-admission-warnings"
	// WarningsHost is the name that API servers reach the server by.
	WarningsHost = ApplicationName + "." + SystemNamespace + ".svc"

	warningsPort    = 443
	warningsListens = 8443
	// warningsTimeout is how long an API server waits for warnings, in seconds. The server answers sooner.
	warningsTimeout = 1
)

// wantsWarnings tells whether who changes configuration is warned about what the checks find.
func wantsWarnings(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return wantsApplication(spec) && spec.SMM.AdmissionWarnings != nil && isTrue(spec.SMM.AdmissionWarnings.Enabled)
}

func warningsServicePort() corev1.ServicePort {
	return corev1.ServicePort{
		Name: "https-webhook", Port: warningsPort, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(warningsListens),
	}
}

// warningsConfiguration has the API server ask about configuration of the mesh. The server adds the certificates by which
// it is known. Without an answer in time, objects are stored without warnings.
func warningsConfiguration() *admissionregistrationv1.ValidatingWebhookConfiguration {
	ignore, equivalent := admissionregistrationv1.Ignore, admissionregistrationv1.Equivalent
	none := admissionregistrationv1.SideEffectClassNone
	timeout, port, path := int32(warningsTimeout), int32(warningsPort), "/"
	return &admissionregistrationv1.ValidatingWebhookConfiguration{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionregistrationv1.SchemeGroupVersion.String(), Kind: "ValidatingWebhookConfiguration"},
		ObjectMeta: metav1.ObjectMeta{Name: warningsName, Labels: applicationLabels()},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "warnings.smm.cisco.com",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{
				Namespace: SystemNamespace, Name: ApplicationName, Path: &path, Port: &port,
			}},
			Rules:         warningsRules(),
			FailurePolicy: &ignore, MatchPolicy: &equivalent, SideEffects: &none, TimeoutSeconds: &timeout,
			NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
				Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpNotIn, Values: []string{"kube-system", "kube-public", "kube-node-lease"},
			}}},
			AdmissionReviewVersions: []string{"v1"},
		}},
	}
}

// warningsRules are the kinds that people configure the mesh with, not those that controllers write by the thousands.
func warningsRules() []admissionregistrationv1.RuleWithOperations {
	var rules []admissionregistrationv1.RuleWithOperations
	for _, group := range []struct {
		name      string
		resources []string
	}{
		{"", []string{"namespaces", "services"}},
		{"networking.istio.io", networkingResources()},
		{"security.istio.io", securityResources()},
		{"telemetry.istio.io", []string{"telemetries"}},
		{"extensions.istio.io", []string{"wasmplugins"}},
		{"gateway.networking.k8s.io", gatewayAPIResources()},
	} {
		rules = append(rules, admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{group.name}, APIVersions: []string{"*"}, Resources: group.resources},
		})
	}
	return rules
}

// warningsRights let the server add its certificate to the one configuration.
func warningsRights() rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		APIGroups: []string{admissionregistrationv1.GroupName}, Resources: []string{"validatingwebhookconfigurations"},
		ResourceNames: []string{warningsName}, Verbs: []string{"patch"},
	}
}
