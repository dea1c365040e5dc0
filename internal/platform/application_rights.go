package platform

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

// signInSecret holds the keys that the server signs tokens with.
const signInSecret = "smm-authentication"

// applicationRights are those of the server. What it shows and changes for users, it does in their
// name; where nobody signs in, it does so in its own and may change what configures the mesh.
func applicationRights(spec *smmv1alpha1.ControlPlaneSpec) []runtime.Object {
	rules := applicationReads()
	if wantsWarnings(spec) {
		rules = append(rules, warningsRights())
	}
	if anonymous(spec) {
		rules = append(rules, anonymousWrites()...)
	}
	objects := []runtime.Object{
		&rbacv1.ClusterRole{TypeMeta: rbacType("ClusterRole"), ObjectMeta: clusterWide(), Rules: rules},
		&rbacv1.ClusterRoleBinding{
			TypeMeta: rbacType("ClusterRoleBinding"), ObjectMeta: clusterWide(),
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: ApplicationName},
			Subjects: applicationSubject(),
		},
		&rbacv1.Role{TypeMeta: rbacType("Role"), ObjectMeta: applicationMeta(), Rules: applicationSecrets(spec)},
		&rbacv1.RoleBinding{
			TypeMeta: rbacType("RoleBinding"), ObjectMeta: applicationMeta(),
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: ApplicationName},
			Subjects: applicationSubject(),
		},
	}
	if anonymous(spec) {
		return objects
	}
	return append(objects, &rbacv1.ClusterRoleBinding{
		TypeMeta: rbacType("ClusterRoleBinding"), ObjectMeta: metav1.ObjectMeta{Name: ImpersonatorRole, Labels: applicationLabels()},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: ImpersonatorRole},
		Subjects: applicationSubject(),
	})
}

// applicationSecrets are the rights to the Secrets that the server needs by their names: its keys, and its credentials for a
// metrics backend that somebody else runs.
func applicationSecrets(spec *smmv1alpha1.ControlPlaneSpec) []rbacv1.PolicyRule {
	rules := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"create"}},
		{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{signInSecret}, Verbs: []string{"get", "list", "watch"}},
	}
	if wantsPrometheus(spec) && spec.SMM.Prometheus.External != nil && spec.SMM.Prometheus.External.SecretName != "" {
		rules = append(rules, rbacv1.PolicyRule{
			APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{spec.SMM.Prometheus.External.SecretName},
			Verbs: []string{"get"},
		})
	}
	return rules
}

func rbacType(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}

func clusterWide() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: ApplicationName, Labels: applicationLabels()}
}

func applicationSubject() []rbacv1.Subject {
	return []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: ApplicationName, Namespace: SystemNamespace}}
}

// applicationReads are what the inventory and the checks are kept from. Secrets are not among them:
// certificates are not checked by the server.
func applicationReads() []rbacv1.PolicyRule {
	read := []string{"get", "list", "watch"}
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Verbs: read, Resources: []string{"configmaps", "endpoints", "events", "namespaces", "nodes", "pods", "serviceaccounts", "services"}},
		{APIGroups: []string{""}, Verbs: []string{"get"}, Resources: []string{"pods/log"}},
		{APIGroups: []string{"apps"}, Verbs: read, Resources: []string{"daemonsets", "deployments", "replicasets", "statefulsets"}},
		{APIGroups: []string{"batch"}, Verbs: read, Resources: []string{"jobs"}},
		{APIGroups: []string{"discovery.k8s.io"}, Verbs: read, Resources: []string{"endpointslices"}},
		{APIGroups: []string{"events.k8s.io"}, Verbs: read, Resources: []string{"events"}},
		{APIGroups: []string{"admissionregistration.k8s.io"}, Verbs: read, Resources: []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}},
		{APIGroups: []string{"apiextensions.k8s.io"}, Verbs: read, Resources: []string{"customresourcedefinitions"}},
		{APIGroups: []string{"cert-manager.io"}, Verbs: read, Resources: []string{"certificates"}},
		{APIGroups: []string{"authorization.k8s.io"}, Verbs: []string{"create"}, Resources: []string{"subjectaccessreviews"}},
		{APIGroups: []string{"servicemesh.cisco.com"}, Verbs: read, Resources: productResources()},
		{APIGroups: []string{"smm.cisco.com"}, Verbs: read, Resources: []string{"controlplanes", "demoapplications"}},
		{APIGroups: []string{"clusterregistry.k8s.cisco.com"}, Verbs: read, Resources: []string{"clusters"}},
		{APIGroups: []string{"networking.istio.io"}, Verbs: read, Resources: networkingResources()},
		{APIGroups: []string{"security.istio.io"}, Verbs: read, Resources: securityResources()},
		{APIGroups: []string{"telemetry.istio.io"}, Verbs: read, Resources: []string{"telemetries"}},
		{APIGroups: []string{"extensions.istio.io"}, Verbs: read, Resources: []string{"wasmplugins"}},
		{APIGroups: []string{"gateway.networking.k8s.io"}, Verbs: read, Resources: gatewayAPIResources()},
	}
}

// anonymousWrites are what everybody may change where nobody signs in.
func anonymousWrites() []rbacv1.PolicyRule {
	write := []string{"create", "update", "patch", "delete"}
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Verbs: []string{"update", "patch"}, Resources: []string{"namespaces"}},
		{APIGroups: []string{"networking.istio.io"}, Verbs: write, Resources: networkingResources()},
		{APIGroups: []string{"security.istio.io"}, Verbs: write, Resources: securityResources()},
		{APIGroups: []string{"telemetry.istio.io"}, Verbs: write, Resources: []string{"telemetries"}},
		{APIGroups: []string{"extensions.istio.io"}, Verbs: write, Resources: []string{"wasmplugins"}},
		{APIGroups: []string{"gateway.networking.k8s.io"}, Verbs: write, Resources: gatewayAPIResources()},
		{APIGroups: []string{"servicemesh.cisco.com"}, Verbs: write, Resources: productResources()},
	}
}

func productResources() []string {
	return []string{"istiocontrolplanes", "istiomeshes", "istiomeshgateways", "peeristiocontrolplanes"}
}

func networkingResources() []string {
	return []string{
		"destinationrules", "envoyfilters", "gateways", "proxyconfigs", "serviceentries", "sidecars", "virtualservices",
		"workloadentries", "workloadgroups",
	}
}

func securityResources() []string {
	return []string{"authorizationpolicies", "peerauthentications", "requestauthentications"}
}

func gatewayAPIResources() []string {
	return []string{"gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants", "tcproutes", "tlsroutes"}
}
