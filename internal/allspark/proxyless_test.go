package allspark_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshmanager/smm/internal/allspark/mesh/meshtest"
	"github.com/meshmanager/smm/internal/allspark/serve"
)

const moviesService = "movies.smm-demo.svc.cluster.local:8082"

// demo is catalog, which calls two versions of movies in a mesh.
type demo struct{ catalog, v1, v2 *program }

func newDemo(t *testing.T) demo {
	t.Helper()
	authority := meshtest.NewAuthority(t)
	d := demo{
		catalog: join(t, authority, "catalog", "v1", ""),
		v1:      join(t, authority, "movies", "v1", ""),
		v2:      join(t, authority, "movies", "v2", ""),
	}
	for _, p := range []*program{d.v1, d.v2} {
		p.inbound()
		p.awaitReady()
	}
	return d
}

// calls makes calls until their report is as wanted.
func (d demo) calls(t *testing.T, what string, check func(serve.Report) error, options ...string) {
	t.Helper()
	eventually(t, what, func() error { return check(d.catalog.call("grpc://movies:8082", 20, options...)) })
}

func TestCallsFollowTheRoutesOverMutualTLS(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	d.catalog.outbound(moviesService, map[*program]uint32{d.v1: 100})
	d.calls(t, "all calls go to v1", func(r serve.Report) error {
		if r.ByVersion["v1"] != 20 || r.ByIdentity[identity("movies")] != 20 || r.ByCaller[identity("catalog")] != 20 {
			return fmt.Errorf("report %+v", r)
		}
		return nil
	})
	d.catalog.outbound(moviesService, map[*program]uint32{d.v1: 50, d.v2: 50})
	d.calls(t, "calls are shared", func(r serve.Report) error {
		if r.ByVersion["v1"] == 0 || r.ByVersion["v2"] == 0 || r.Succeeded != 20 {
			return fmt.Errorf("report %+v", r)
		}
		return nil
	})
	if opened := d.catalog.agent.Opened(); opened != 1 {
		t.Errorf("the program opened %d xDS streams, of which the agent serves one", opened)
	}
}

func TestBothEndsReportTheSameCall(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	d.catalog.outbound(moviesService, map[*program]uint32{d.v1: 100})
	d.calls(t, "calls succeed", func(r serve.Report) error {
		if r.Succeeded != r.Sent {
			return fmt.Errorf("report %+v", r)
		}
		return nil
	})
	call := map[string]string{
		"source_workload": "catalog-v1", "source_workload_namespace": "smm-demo", "source_principal": identity("catalog"),
		"source_app": "catalog", "source_version": "v1", "source_cluster": "c1",
		"destination_workload": "movies-v1", "destination_principal": identity("movies"), "destination_version": "v1",
		"destination_service": "movies.smm-demo.svc.cluster.local", "destination_service_name": "movies", "destination_cluster": "c1",
		"request_protocol": "grpc", "response_code": "200", "grpc_response_status": "0", "response_flags": "-",
	}
	for reporter, p := range map[string]*program{"source": d.catalog, "destination": d.v1} {
		call["reporter"] = reporter
		call["connection_security_policy"] = map[string]string{"source": "unknown", "destination": "mutual_tls"}[reporter]
		for _, metric := range []string{"istio_requests_total", "istio_request_duration_milliseconds", "istio_request_bytes", "istio_response_bytes"} {
			if n := p.count(metric, call); n < 20 {
				t.Errorf("%s of the %s: %v calls, want at least 20", metric, reporter, n)
			}
		}
	}
}

func TestRefusedCallsAreSeenByBothEnds(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	d.catalog.outbound(moviesService, map[*program]uint32{d.v1: 100})
	d.v1.inbound(deny(t, identity("catalog")))
	d.calls(t, "calls are denied", func(r serve.Report) error {
		if r.Errors["PermissionDenied"] != 20 {
			return fmt.Errorf("report %+v", r)
		}
		return nil
	})
	denied := map[string]string{"grpc_response_status": "7", "response_code": "200", "source_principal": identity("catalog"), "source_workload": "catalog-v1"}
	for name, p := range map[string]*program{"source": d.catalog, "destination": d.v1} {
		if n := p.count("istio_requests_total", denied); n < 20 {
			t.Errorf("the %s counts %v denied calls, want at least 20", name, n)
		}
	}
}

func TestPlaintextIsRefused(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	report := d.catalog.call("grpc://"+d.v1.addresses["grpc"], 3, "plaintext=true")
	if report.Errors["Unavailable"] != 3 {
		t.Errorf("plaintext gRPC: %+v", report)
	}
	report = d.catalog.call("tcp://"+d.v1.addresses["tcp"], 3)
	if report.Succeeded != 0 {
		t.Errorf("plaintext TCP, to an address outside the cluster: %+v", report)
	}
}

func TestFaultsAndFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	d.catalog.outbound(moviesService, map[*program]uint32{d.v1: 100}, abort(t, 14))
	d.calls(t, "calls are aborted", func(r serve.Report) error {
		if r.Errors["Unavailable"] != 20 || !strings.Contains(r.Messages[0], "fault injection") {
			return fmt.Errorf("report %+v", r)
		}
		return nil
	})
	if n := d.catalog.count("istio_requests_total", map[string]string{"response_code": "0", "response_flags": "FI", "grpc_response_status": "14"}); n < 20 {
		t.Errorf("%v aborted calls are flagged FI, want at least 20", n)
	}
	gone := &program{addresses: map[string]string{"grpc": "127.0.0.1:1"}}
	d.catalog.outbound(moviesService, map[*program]uint32{gone: 100})
	d.calls(t, "nobody is there", func(r serve.Report) error {
		if r.Errors["Unavailable"] != 20 || strings.Contains(r.Messages[0], "fault injection") {
			return fmt.Errorf("report %+v", r)
		}
		return nil
	})
	if n := d.catalog.count("istio_requests_total", map[string]string{"response_code": "0", "response_flags": "UF", "destination_workload": "unknown"}); n < 20 {
		t.Errorf("%v failed calls are flagged UF, want at least 20", n)
	}
}

func TestReadinessFollowsTheControlPlane(t *testing.T) {
	t.Parallel()
	p := join(t, meshtest.NewAuthority(t), "movies", "v1", "")
	code, body, err := p.get("control", "/readyz")
	if err != nil || code != 503 || !strings.Contains(string(body), "waiting for the control plane") {
		t.Errorf("without a configuration: status %d, %q, error %v", code, body, err)
	}
	p.inbound()
	p.awaitReady()
}
