package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	networkingv1alpha3 "istio.io/api/networking/v1alpha3"
	securityv1beta1 "istio.io/api/security/v1beta1"
	typev1beta1 "istio.io/api/type/v1beta1"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

func TestStrictPeerAuthenticationMakesPlaintextFail(t *testing.T) {
	namespace := newNamespace(t)
	smm(t, "sidecar-proxy", "auto-inject", "on", namespace)
	createService(t, namespace)
	createPod(t, proxyless(program(t, namespace, "server")), "is ready", sandboxtest.IsReady)
	from := box.CallerIn(t, demoNamespace, demoPod(t, "catalog", "v1").Name)
	target := fmt.Sprintf("grpc://server.%s.svc.cluster.local:%d", namespace, grpcPort)

	sandboxtest.Eventually(t, sandboxtest.Patience, "a plaintext call succeeds without a policy", func() error {
		report := from.Call(target, 1, plaintext)
		if report.Succeeded != 1 || report.ByIdentity[""] != 1 {
			return fmt.Errorf("%+v", report)
		}
		return nil
	})
	policy := &securityv1.PeerAuthentication{ObjectMeta: metav1.ObjectMeta{Name: "default"}, Spec: securityv1beta1.PeerAuthentication{
		Mtls: &securityv1beta1.PeerAuthentication_MutualTLS{Mode: securityv1beta1.PeerAuthentication_MutualTLS_STRICT},
	}}
	if _, err := istioClient(t).SecurityV1().PeerAuthentications(namespace).Create(t.Context(), policy, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	sandboxtest.Eventually(t, sandboxtest.Patience, "a plaintext call fails under STRICT", func() error {
		if report := from.Call(target, 1, plaintext); report.Succeeded != 0 {
			return errors.New("it succeeds")
		}
		return nil
	})
	rule := &networkingv1.DestinationRule{ObjectMeta: metav1.ObjectMeta{Name: "server"}, Spec: networkingv1alpha3.DestinationRule{
		Host:          "server." + namespace + ".svc.cluster.local",
		TrafficPolicy: &networkingv1alpha3.TrafficPolicy{Tls: &networkingv1alpha3.ClientTLSSettings{Mode: networkingv1alpha3.ClientTLSSettings_ISTIO_MUTUAL}},
	}}
	if _, err := istioClient(t).NetworkingV1().DestinationRules(namespace).Create(t.Context(), rule, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	sandboxtest.Eventually(t, sandboxtest.Patience, "a call with mutual TLS succeeds under STRICT", func() error {
		report := from.Call(target, 1)
		if report.ByIdentity[sandboxtest.Identity(namespace, "default")] != 1 {
			return fmt.Errorf("%+v", report)
		}
		return nil
	})
	if report := from.Call(target, 3, plaintext); report.Succeeded != 0 {
		t.Errorf("%d of 3 plaintext calls succeed under STRICT", report.Succeeded)
	}
}

func TestDenyAuthorizationPolicyRefusesOneCaller(t *testing.T) {
	catalog := box.CallerIn(t, demoNamespace, demoPod(t, "catalog", "v1").Name)
	frontpage := box.CallerIn(t, demoNamespace, demoPod(t, "frontpage", "v1").Name)
	policy := &securityv1.AuthorizationPolicy{ObjectMeta: metav1.ObjectMeta{Name: "e2e-deny-catalog"}, Spec: securityv1beta1.AuthorizationPolicy{
		Selector: &typev1beta1.WorkloadSelector{MatchLabels: map[string]string{"app": "movies"}},
		Action:   securityv1beta1.AuthorizationPolicy_DENY,
		Rules: []*securityv1beta1.Rule{{From: []*securityv1beta1.Rule_From{{Source: &securityv1beta1.Source{
			Principals: []string{strings.TrimPrefix(sandboxtest.Identity(demoNamespace, "catalog"), "spiffe://")},
		}}}}},
	}}
	client := istioClient(t).SecurityV1().AuthorizationPolicies(demoNamespace)
	if _, err := client.Create(t.Context(), policy, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), sandboxtest.Patience)
		defer cancel()
		if err := client.Delete(ctx, policy.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
	sandboxtest.Eventually(t, sandboxtest.Patience, "the denied caller is refused by every version", func() error {
		if report := catalog.Call("grpc://movies:8082", 30); report.Errors["PermissionDenied"] != report.Sent {
			return fmt.Errorf("%d calls succeeded, errors %v", report.Succeeded, report.Errors)
		}
		return nil
	})
	if report := frontpage.Call("grpc://movies:8082", 30); report.Succeeded != report.Sent {
		t.Errorf("another caller is refused: %v", report.Errors)
	}
	if err := client.Delete(t.Context(), policy.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	sandboxtest.Eventually(t, sandboxtest.Patience, "the caller is served again without the policy", func() error {
		if report := catalog.Call("grpc://movies:8082", 30); report.Succeeded != report.Sent {
			return fmt.Errorf("%v", report.Errors)
		}
		return nil
	})
}

func TestAnInvalidVirtualServiceIsRefusedByTheWebhook(t *testing.T) {
	manifest := `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: invalid, namespace: ` + demoNamespace + `}
spec:
  hosts: [movies]
  http:
  - route:
    - {destination: {host: movies, subset: v1}, weight: 50}
    - {destination: {host: "not a host", subset: v2}, weight: 50}
`
	out, err := tryKubectl(t, manifest, "apply", "-f", "-")
	if err == nil {
		t.Fatalf("it was accepted: %s", out)
	}
	for _, want := range []string{"admission webhook", "istio.io", "denied the request"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the refusal does not say %q: %v", want, err)
		}
	}
}
