package registry

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// Installation is what the controller's objects depend on.
type Installation struct {
	Namespace        string
	ClusterName      string
	Network          string
	APIServerAddress string
	Image            string
	LogDebug         bool
}

// DefaultImage is the image of the program that the controller is part of.
const DefaultImage = "meshmanager/smm:0.1.0"

// ContainerName is the name of the controller's container.
const ContainerName = "manager"

const (
	controllerAggregated = "cluster-registry-controller-aggregated"
	readerAggregated     = "cluster-registry-reader-aggregated"
)

// Objects are the controller, its rights, and those of peers. Other ClusterRoles extend the rights by their labels.
func Objects(in Installation) ([]*unstructured.Unstructured, error) {
	objects := []runtime.Object{
		&corev1.ServiceAccount{ObjectMeta: in.meta(ControllerName)},
		&corev1.ServiceAccount{ObjectMeta: in.meta(ReaderServiceAccount)},
		aggregated(controllerAggregated, v1alpha1.ControllerAggregatedLabel),
		aggregated(readerAggregated, v1alpha1.ReaderAggregatedLabel),
		part(ControllerName, v1alpha1.ControllerAggregatedLabel, controllerRules()),
		part(ReaderServiceAccount, v1alpha1.ReaderAggregatedLabel, readerRules()),
		in.binding(ControllerName, controllerAggregated),
		in.binding(ReaderServiceAccount, readerAggregated),
		&rbacv1.Role{ObjectMeta: in.meta(ControllerName), Rules: namespaceRules()},
		&rbacv1.RoleBinding{
			ObjectMeta: in.meta(ControllerName),
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: ControllerName},
			Subjects:   in.subject(ControllerName),
		},
		in.deployment(),
	}
	encoded := make([]*unstructured.Unstructured, 0, len(objects))
	for _, object := range objects {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return nil, fmt.Errorf("encode the cluster registry's objects: %w", err)
		}
		kind, err := kindOf(object)
		if err != nil {
			return nil, err
		}
		unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
		unstructured.RemoveNestedField(content, "status")
		if rules, set := content["rules"]; set && rules == nil {
			delete(content, "rules") // Kubernetes fills them
		}
		next := &unstructured.Unstructured{Object: content}
		next.SetGroupVersionKind(kind)
		encoded = append(encoded, next)
	}
	return encoded, nil
}

func kindOf(object runtime.Object) (schema.GroupVersionKind, error) {
	kinds, _, err := scheme.Scheme.ObjectKinds(object)
	if err != nil || len(kinds) == 0 {
		return schema.GroupVersionKind{}, fmt.Errorf("find the kind of %T: %w", object, err)
	}
	return kinds[0], nil
}

func (in Installation) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: in.Namespace, Name: name, Labels: labelsOf()}
}

func labelsOf() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "cluster-registry"}
}

func (in Installation) subject(account string) []rbacv1.Subject {
	return []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: in.Namespace, Name: account}}
}

func (in Installation) binding(account, role string) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: account, Labels: labelsOf()},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   in.subject(account),
	}
}

// aggregated is a ClusterRole that Kubernetes fills with the rules of those that have the label.
func aggregated(name, label string) *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labelsOf()},
		AggregationRule: &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{
			{MatchLabels: map[string]string{label: "true"}},
		}},
	}
}

// IsAggregated tells whether an object is a ClusterRole that Kubernetes fills with the rules of others. Only an
// administrator may make one.
func IsAggregated(object *unstructured.Unstructured) bool {
	_, aggregates, _ := unstructured.NestedMap(object.Object, "aggregationRule")
	return aggregates
}

// AggregatedRoles are the names of the ClusterRoles that are filled with the rules of others.
func AggregatedRoles() []string { return []string{controllerAggregated, readerAggregated} }

func part(name, label string, rules []rbacv1.PolicyRule) *rbacv1.ClusterRole {
	labels := labelsOf()
	labels[label] = "true"
	return &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Rules: rules}
}

func readVerbs() []string { return []string{"get", "list", "watch"} }

func writeVerbs() []string { return []string{"create", "update", "patch", "delete"} }

// readerRules are what peers may read unless more is allowed.
func readerRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: registryResources(), Verbs: readVerbs()},
		{APIGroups: []string{""}, Resources: []string{"namespaces", "nodes", "secrets"}, Verbs: readVerbs()},
	}
}

// controllerRules are what the controller may do in its own cluster unless more is allowed.
func controllerRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: registryResources(), Verbs: slices.Concat(readVerbs(), writeVerbs())},
		{
			APIGroups: []string{v1alpha1.GroupVersion.Group}, Verbs: []string{"get", "update", "patch"},
			Resources: []string{"clusters/status", "resourcesyncrules/status"},
		},
		{APIGroups: []string{""}, Resources: []string{"namespaces", "nodes"}, Verbs: readVerbs()},
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: slices.Concat(readVerbs(), writeVerbs())},
	}
}

func registryResources() []string {
	return []string{"clusters", "clusterfeatures", "resourcesyncrules"}
}

// namespaceRules are for the Lease by which instances agree on who leads, and for the credentials that peers get.
func namespaceRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"create"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, ResourceNames: []string{ControllerName}, Verbs: []string{"get", "update", "patch"}},
		{APIGroups: []string{""}, Resources: []string{"serviceaccounts/token"}, ResourceNames: []string{ReaderServiceAccount}, Verbs: []string{"create"}},
		{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}},
		{APIGroups: []string{"events.k8s.io"}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}},
	}
}

// PodLabels are those of the controller's pods.
func PodLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "cluster-registry", "app.kubernetes.io/component": "controller"}
}

func (in Installation) deployment() *appsv1.Deployment {
	selector := PodLabels()
	healthy := func(path string) *corev1.Probe {
		return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("health")}}}
	}
	resources := corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("96Mi")},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")},
	}
	container := corev1.Container{
		Name: ContainerName, Image: in.Image, Args: in.arguments(), Resources: resources,
		Ports:          []corev1.ContainerPort{{Name: "health", ContainerPort: 8081}, {Name: "metrics", ContainerPort: 8080}},
		LivenessProbe:  healthy("/healthz"),
		ReadinessProbe: healthy("/readyz"),
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true), RunAsNonRoot: new(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
	return &appsv1.Deployment{
		ObjectMeta: in.meta(ControllerName),
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(1)),
			Selector: &metav1.LabelSelector{MatchLabels: selector},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: selector},
				Spec: corev1.PodSpec{
					ServiceAccountName: ControllerName, Containers: []corev1.Container{container},
					SecurityContext: &corev1.PodSecurityContext{
						RunAsUser: new(int64(65532)), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
					},
				},
			},
		},
	}
}

func (in Installation) arguments() []string {
	arguments := []string{"operator", "cluster-registry", "--namespace", in.Namespace, "--cluster-name", in.ClusterName}
	if in.Network != "" {
		arguments = append(arguments, "--network-name", in.Network)
	}
	if in.APIServerAddress != "" {
		arguments = append(arguments, "--api-server-endpoint-address", in.APIServerAddress)
	}
	if in.LogDebug {
		arguments = append(arguments, "-v")
	}
	return arguments
}
