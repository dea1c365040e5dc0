package platform

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// Observe gathers the facts of a cluster. It writes nothing.
func Observe(ctx context.Context, c client.Client, server discovery.ServerVersionInterface) (Facts, error) {
	var facts Facts
	version, err := server.ServerVersion()
	if err != nil {
		return facts, fmt.Errorf("read the Kubernetes version: %w", err)
	}
	facts.KubernetesVersion = version.GitVersion
	if facts.KubernetesMinor, err = minor(version.Minor); err != nil {
		return facts, err
	}
	if facts.DualStack, err = DualStackServices(ctx, c); err != nil {
		return facts, err
	}
	if facts.ControlPlanes, err = controlPlanes(ctx, c); err != nil {
		return facts, err
	}
	if facts.Revisions, err = revisions(ctx, c); err != nil {
		return facts, err
	}
	facts.ForeignIstiods, err = foreignIstiods(ctx, c)
	return facts, err
}

// leadingDigits drops what some providers append to the minor version, such as the + of 32+.
var leadingDigits = regexp.MustCompile(`^[0-9]+`)

func minor(text string) (uint64, error) {
	value, err := strconv.ParseUint(leadingDigits.FindString(text), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("the API server tells no usable Kubernetes version: minor version %q", text)
	}
	return value, nil
}

// DualStackServices asks the API server, by a dry run, whether a Service would get an IPv4 and an IPv6 address.
func DualStackServices(ctx context.Context, c client.Client) (bool, error) {
	policy := corev1.IPFamilyPolicyPreferDualStack
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "smm-preflight-", Namespace: metav1.NamespaceDefault},
		Spec: corev1.ServiceSpec{
			IPFamilyPolicy: &policy,
			Ports:          []corev1.ServicePort{{Port: 80}},
		},
	}
	if err := c.Create(ctx, service, client.DryRunAll); err != nil {
		return false, fmt.Errorf("check the cluster's IP families: %w", err)
	}
	return len(service.Spec.IPFamilies) > 1, nil
}

func controlPlanes(ctx context.Context, c client.Client) ([]string, error) {
	var list smmv1alpha1.ControlPlaneList
	if err := c.List(ctx, &list); ignoreNoKind(err) != nil {
		return nil, fmt.Errorf("list ControlPlanes: %w", err)
	}
	var names []string
	for _, item := range list.Items {
		names = append(names, item.Name)
	}
	return names, nil
}

func revisions(ctx context.Context, c client.Client) ([]istio.Revision, error) {
	var list servicemeshv1alpha1.IstioControlPlaneList
	if err := c.List(ctx, &list); ignoreNoKind(err) != nil {
		return nil, fmt.Errorf("list IstioControlPlanes: %w", err)
	}
	var found []istio.Revision
	for _, item := range list.Items {
		found = append(found, istio.Revision{Name: item.Name, Namespace: item.Namespace})
	}
	return found, nil
}

func foreignIstiods(ctx context.Context, c client.Client) ([]string, error) {
	var list appsv1.DeploymentList
	if err := c.List(ctx, &list, client.MatchingLabels{"app": "istiod"}); err != nil {
		return nil, fmt.Errorf("list Deployments of istiod: %w", err)
	}
	var names []string
	for _, item := range list.Items {
		if !strings.HasPrefix(item.Annotations[kube.OwnerAnnotation], servicemeshv1alpha1.KindIstioControlPlane+"/") {
			names = append(names, item.Namespace+"/"+item.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// ignoreNoKind lets a cluster without the product's custom resources pass for one with none of them.
func ignoreNoKind(err error) error {
	if meta.IsNoMatchError(err) {
		return nil
	}
	return client.IgnoreNotFound(err)
}
