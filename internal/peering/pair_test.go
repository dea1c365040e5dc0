package peering_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/peering"
)

// Each of the facts alone makes a pair of clusters fail, with what is wrong; what does not apply is not told.
func TestJudge(t *testing.T) {
	const (
		endpoints = "EndpointsSynced True EndpointsAreSynced: istiod knows the endpoints of the cluster"
		gateway   = "GatewayReachable True GatewayAnswers: 192.0.2.1:15443"
		trust     = "TrustShared True SameRoot: same root"
	)
	refused := errors.New("connection refused")
	istiods := func(all ...peering.IstiodSight) peering.Sight { return peering.Sight{Istiods: all} }
	good := peering.IstiodSight{Address: "10.0.0.1", State: "synced"}
	for name, test := range map[string]struct {
		icp           string
		network, root string
		seen          peering.Sight
		want          []string
	}{
		"all is well": {
			"{spec: {}, status: {caRootCertificate: root}}", "west", "root",
			peering.Sight{Istiods: []peering.IstiodSight{good}, Gateways: []peering.GatewaySight{{Address: "192.0.2.1:15443"}}},
			[]string{endpoints, gateway, trust},
		},
		"one network": {"{status: {caRootCertificate: root}}", "network1", "root", istiods(good), []string{endpoints, trust}},
		"no istiod of its own": {
			"{spec: {mode: PASSIVE}, status: {caRootCertificate: root}}", "network1", "root", peering.Sight{}, []string{trust},
		},
		"an istiod that still reads": {
			"{status: {caRootCertificate: root}}", "network1", "root", istiods(good, peering.IstiodSight{Address: "10.0.0.2", State: "syncing"}),
			[]string{"EndpointsSynced False EndpointsAreNotSynced: istiod at 10.0.0.2 says: syncing", trust},
		},
		"an istiod without credentials": {
			"{status: {caRootCertificate: root}}", "network1", "root", istiods(peering.IstiodSight{Address: "10.0.0.2"}, good),
			[]string{"EndpointsSynced False NoCredentials: istiod at 10.0.0.2 does not read from the cluster", trust},
		},
		"an istiod that does not answer": {
			"{status: {caRootCertificate: root}}", "network1", "root", istiods(peering.IstiodSight{Address: "10.0.0.2", Failure: refused}, good),
			[]string{"EndpointsSynced Unknown IstiodDoesNotTell: istiod at 10.0.0.2 does not answer: connection refused", trust},
		},
		"an istiod of an older release": {
			"{status: {caRootCertificate: root}}", "network1", "root", istiods(peering.IstiodSight{Address: "10.0.0.2", Silent: true}),
			[]string{"EndpointsSynced Unknown IstiodDoesNotTell: this release of istiod does not tell", trust},
		},
		"no istiod runs": {
			"{status: {caRootCertificate: root}}", "network1", "root", peering.Sight{},
			[]string{"EndpointsSynced Unknown IstiodDoesNotTell: no istiod runs", trust},
		},
		"no gateway": {
			"{status: {caRootCertificate: root}}", "west", "root", istiods(good),
			[]string{endpoints, "GatewayReachable False NoGateway: the cluster tells no address of its mesh expansion gateway", trust},
		},
		"one address of the gateway does not answer": {
			"{status: {caRootCertificate: root}}", "west", "root",
			peering.Sight{Istiods: []peering.IstiodSight{good}, Gateways: []peering.GatewaySight{{Address: "192.0.2.1:15443"}, {Address: "192.0.2.2:15443", Failure: refused}}},
			[]string{endpoints, "GatewayReachable False GatewayDoesNotAnswer: 192.0.2.2:15443 does not answer: connection refused", trust},
		},
		"a foreign root": {
			"{status: {caRootCertificate: root}}", "network1", "other", istiods(good),
			[]string{endpoints, "TrustShared False ForeignRoot: the cluster has another root certificate, which is not trusted here"},
		},
		"a foreign root that is trusted": {
			`{status: {caRootCertificate: root, meshConfig: {caCertificates: [{pem: "other\n"}]}}}`, "network1", "other", istiods(good),
			[]string{endpoints, "TrustShared True Federated: federated"},
		},
		"a root that is not known": {
			"{status: {caRootCertificate: root}}", "network1", "", istiods(good),
			[]string{endpoints, "TrustShared Unknown RootUnknown: the root certificates are not known yet"},
		},
	} {
		icp := read[v1alpha1.IstioControlPlane](t, test.icp)
		peer := peering.Peer{Network: test.network}
		peer.Status.CARootCertificate = test.root
		var got []string
		for _, c := range peering.Judge(&icp, &peer, test.seen) {
			got = append(got, string(c.Type)+" "+string(c.Status)+" "+c.Reason+": "+c.Message)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A cluster with two control planes is as well off as the worse of them.
func TestWorse(t *testing.T) {
	got := peering.Worse(
		read[[]clusterregistryv1alpha1.ClusterCondition](t, `[{type: a, status: "True"}, {type: b, status: "False", message: first}, {type: c, status: Unknown}]`),
		read[[]clusterregistryv1alpha1.ClusterCondition](t, `[{type: a, status: Unknown}, {type: b, status: "False"}, {type: c, status: "True"}, {type: d, status: "True"}]`))
	want := read[[]clusterregistryv1alpha1.ClusterCondition](t, `[{type: a, status: Unknown}, {type: b, status: "False", message: first}, {type: c, status: Unknown}, {type: d, status: "True"}]`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
