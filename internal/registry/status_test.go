package registry

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

func TestMetadata(t *testing.T) {
	nodes := read[[]corev1.Node](t, `
- metadata: {name: b, labels: {topology.kubernetes.io/region: eu-2, topology.kubernetes.io/zone: eu-2a}}
  status: {nodeInfo: {kubeletVersion: v1.36.3}}
- metadata: {name: a, labels: {topology.kubernetes.io/region: eu-1, topology.kubernetes.io/zone: eu-1a, cloud.google.com/gke-nodepool: p}}
  spec: {providerID: "gce://project/zone/vm"}
  status: {nodeInfo: {kubeletVersion: v1.36.3}}`)
	want := v1alpha1.ClusterMetadata{
		Provider: "google", Distribution: "GKE", Version: "v1.36.3", KubeletVersions: []string{"v1.36.3"},
		Locality: &v1alpha1.Locality{Region: "eu-1, eu-2", Regions: []string{"eu-1", "eu-2"}, Zones: []string{"eu-1a", "eu-2a"}},
	}
	if diff := cmp.Diff(want, Metadata("v1.36.3", nodes)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(v1alpha1.ClusterMetadata{Version: "v1"}, Metadata("v1", nil)); diff != "" {
		t.Errorf("without nodes (-want +got):\n%s", diff)
	}
}

func TestDistributions(t *testing.T) {
	for node, want := range map[string][2]string{
		`{spec: {providerID: "aws:///z/i"}, status: {nodeInfo: {kubeletVersion: v1.31.2-eks-abc}}}`:                         {"amazon", "EKS"},
		`{metadata: {labels: {agentpool: a}}, spec: {providerID: "azure:///x"}}`:                                            {"azure", "AKS"},
		`{spec: {providerID: "kind://docker/a/b"}}`:                                                                         {"kind", "KIND"},
		`{metadata: {labels: {iks.intersight.cisco.com/version: "1"}}, spec: {providerID: "vsphere://x"}}`:                  {"cisco", "IKS"},
		`{spec: {providerID: "vsphere://x"}}`:                                                                               {"vsphere", ""},
		`{metadata: {labels: {node.openshift.io/os_id: rhcos}}, spec: {providerID: "aws:///z/i"}}`:                          {"amazon", "OPENSHIFT"},
		`{status: {nodeInfo: {kubeletVersion: v1.31.2+k3s1}}}`:                                                              {"", "K3S"},
		`{metadata: {labels: {nodepool.banzaicloud.io/name: a}, annotations: {kubeadm.alpha.kubernetes.io/cri-socket: s}}}`: {"", "PKE"},
	} {
		got := Metadata("", []corev1.Node{read[corev1.Node](t, node)})
		if (got.Provider != want[0]) || got.Distribution != want[1] {
			t.Errorf("%s: %q, %q; want %q", node, got.Provider, got.Distribution, want)
		}
	}
}

// A status says in one line what is wrong with a peer, keeps what was known of it, and heals.
func TestPeerStatus(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	self := &v1alpha1.Cluster{}
	self.Status.Version = "v1.36.3"
	good := peerStatus(v1alpha1.ClusterStatus{}, peerFacts{self: self}, now)
	if good.State != v1alpha1.ClusterStateReady || good.Version != "v1.36.3" || !isSynced(good) {
		t.Fatalf("a peer that answers: %+v", good)
	}
	for name, test := range map[string]struct {
		facts   peerFacts
		state   v1alpha1.ClusterState
		message string
	}{
		"no credentials": {peerFacts{missingAuth: "there is no Secret"}, v1alpha1.ClusterStateMissingAuthInfo, "there is no Secret"},
		"refused":        {peerFacts{failure: apierrors.NewUnauthorized("x")}, v1alpha1.ClusterStateInvalidAuthInfo, "the credential is not accepted: it may have been revoked"},
		"expired": {peerFacts{failure: apierrors.NewUnauthorized("x"), valid: validity{until: now.Add(-time.Hour)}}, v1alpha1.ClusterStateInvalidAuthInfo,
			"the credential is not accepted: it expired at 2026-01-02T02:04:05Z"},
		"not valid yet": {peerFacts{failure: apierrors.NewUnauthorized("x"), valid: validity{from: now.Add(time.Hour), until: now.Add(2 * time.Hour)}}, v1alpha1.ClusterStateInvalidAuthInfo,
			"the credential is not accepted: it is not valid before 2026-01-02T04:04:05Z by the cluster's clock"},
		"down":     {peerFacts{failure: fmt.Errorf("%s", "dial: refused\n")}, v1alpha1.ClusterStateFailed, "dial: refused"},
		"disabled": {peerFacts{disabled: true}, v1alpha1.ClusterStateDisabled, "an annotation says not to use the cluster"},
	} {
		got := peerStatus(good, test.facts, now.Add(time.Minute))
		if got.State != test.state || got.Message != test.message || got.Version != "v1.36.3" {
			t.Errorf("%s: %s %q, version %q; want %s %q and what was known", name, got.State, got.Message, got.Version, test.state, test.message)
		}
		healed := peerStatus(got, peerFacts{self: self}, now.Add(2*time.Minute))
		if healed.State != v1alpha1.ClusterStateReady || healed.Message != "" {
			t.Errorf("%s: does not heal: %+v", name, healed)
		}
	}
	if diff := cmp.Diff(good, peerStatus(good, peerFacts{self: self}, now.Add(time.Hour))); diff != "" {
		t.Errorf("the same facts change the status:\n%s", diff)
	}
}

// What was seen of a pair of clusters is told beside what the registry knows itself, also to others. It stays until
// something else was seen.
func TestPairIsDescribed(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	valid := validity{until: now.Add(time.Hour)}
	gateway := v1alpha1.ClusterCondition{Type: v1alpha1.ClusterConditionGateway, Status: corev1.ConditionTrue, Reason: "r", Message: "m"}
	tell := func(status v1alpha1.ClusterStatus) (told []string) {
		pairings := addPairing(nil, &v1alpha1.Cluster{}, status)
		for _, c := range addPairing(pairings, &v1alpha1.Cluster{}, v1alpha1.ClusterStatus{})[0].Conditions {
			told = append(told, fmt.Sprintf("%s %s %s: %s", c.Type, c.Status, c.Reason, c.Message))
		}
		return told
	}
	const good, seen = "CredentialValid True CredentialValid: until 2026-01-02T04:04:05Z", "GatewayReachable True r: m"
	status := v1alpha1.ClusterStatus{}
	for _, step := range []struct {
		what  string
		facts peerFacts
		want  []string
	}{
		{"nothing seen", peerFacts{valid: valid}, []string{good}},
		{"seen", peerFacts{valid: valid, observed: []v1alpha1.ClusterCondition{gateway}}, []string{good, seen}},
		{"nothing seen after a restart", peerFacts{valid: valid}, []string{good, seen}},
		{"refused", peerFacts{failure: apierrors.NewUnauthorized("x"), valid: valid}, []string{"CredentialValid False CredentialRefused: it may have been revoked", seen}},
		{"expired while nobody answers", peerFacts{failure: errConnecting, valid: validity{until: now}}, []string{"CredentialValid False CredentialRefused: it expired at 2026-01-02T03:04:05Z", seen}},
		{"malformed", peerFacts{failure: badKubeconfigError{errNoKubeconfig}}, []string{"CredentialValid False CredentialMalformed: " + errNoKubeconfig.Error(), seen}},
		{"missing", peerFacts{missingAuth: "there is no Secret"}, []string{"CredentialValid False CredentialMissing: there is no Secret", seen}},
		{"without an end, and out of the mesh", peerFacts{observed: []v1alpha1.ClusterCondition{}}, []string{"CredentialValid True CredentialWithoutEnd: it tells no end"}},
		{"disabled", peerFacts{disabled: true, valid: valid}, nil},
	} {
		status = peerStatus(status, step.facts, now.Add(time.Second))
		if diff := cmp.Diff(step.want, tell(status)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, diff)
		}
	}
}

func TestCredentialIsRenewedInTime(t *testing.T) {
	from := time.Unix(1_000_000, 0)
	v := validity{from: from, until: from.Add(9 * time.Hour)}
	if got, want := v.renewAt(), from.Add(6*time.Hour); !got.Equal(want) {
		t.Errorf("renewed at %s, want %s", got, want)
	}
	// {"iat":1000000,"nbf":1000000,"exp":1032400}
	token := "e30.eyJpYXQiOjEwMDAwMDAsIm5iZiI6MTAwMDAwMCwiZXhwIjoxMDMyNDAwfQ.x"
	if got := tokenValidity(token); got != v {
		t.Errorf("read %+v, want %+v", got, v)
	}
	for _, broken := range []string{"", "a.b.c", "a.!.c", "e30.W10.x"} {
		if got := tokenValidity(broken); got != (validity{}) {
			t.Errorf("%q has the validity %+v", broken, got)
		}
	}
}

// A kubeconfig may only hold credentials: files and programs would be those of the cluster that reads it.
func TestKubeconfig(t *testing.T) {
	const safe = `
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://a:6443"}}]
users: [{name: u, user: {token: t}}]`
	spec := &v1alpha1.ClusterSpec{KubernetesAPIEndpoints: []v1alpha1.KubernetesAPIEndpoint{
		{ServerAddress: "public:443"}, {ClientNetwork: "private", ServerAddress: "10.0.0.1", CABundle: []byte("ca")},
	}}
	for network, want := range map[string]string{"private": "https://10.0.0.1", "other": "https://public:443", "": "https://public:443"} {
		config, err := Kubeconfig(spec, network, []byte(safe))
		if err != nil || config.Clusters["c"].Server != want {
			t.Errorf("network %q: %v, %v; want %s", network, config, err, want)
		}
	}
	for name, user := range map[string]string{
		"a program": "exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, interactiveMode: Never}",
		"a file":    "tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token",
		"a key":     "client-key: /etc/key",
	} {
		unsafe := safe[:len(safe)-len("{token: t}}]")] + "{" + user + "}}]"
		if _, err := Kubeconfig(spec, "", []byte(unsafe)); err == nil {
			t.Errorf("a kubeconfig with %s is accepted", name)
		}
	}
	for _, garbage := range []string{"", "{", "kind: Config", "\x00"} {
		if _, err := Kubeconfig(spec, "", []byte(garbage)); err == nil {
			t.Errorf("%q is accepted", garbage)
		}
	}
}
