package allspark_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/meshmanager/smm/internal/allspark/answer"
)

// Behind sidecars, or without a mesh, the program is an ordinary service on all its ports.
func TestAChainOverAllProtocols(t *testing.T) {
	t.Parallel()
	movies := launch(t, map[string]string{"SERVICE_NAME": "movies", "SERVICE_VERSION": "v2", "WORKLOAD": "Echo", "ECHO_STR": "Casablanca"})
	catalog := launch(t, map[string]string{
		"SERVICE_NAME": "catalog",
		"REQUESTS": "http://" + movies.addresses["http"] + "/#2 grpc://" + movies.addresses["grpc"] + "/#1 tcp://" +
			movies.addresses["tcp"] + "?size=100000#1 http://127.0.0.1:1/#1",
	})
	catalog.awaitReady()
	code, body, err := catalog.get("http", "/any/path")
	if err != nil || code != http.StatusOK {
		t.Fatalf("status %d, error %v", code, err)
	}
	var got answer.Answer
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Service != "catalog" || got.Protocol != "http" || len(got.Calls) != 4 {
		t.Fatalf("answer %s", body)
	}
	for i, protocol := range []string{"http", "grpc", "tcp"} {
		outcome := got.Calls[i]
		if outcome.Succeeded != outcome.Sent || outcome.Sent == 0 {
			t.Errorf("calls over %s: %+v", protocol, outcome)
		}
		var inner answer.Answer
		if err := json.Unmarshal(outcome.Answers[0], &inner); err != nil {
			t.Fatal(err)
		}
		if inner.Protocol != protocol || inner.Version != "v2" || inner.Message != "Casablanca" || inner.Caller.MutualTLS {
			t.Errorf("answer over %s: %+v", protocol, inner)
		}
	}
	if failed := got.Calls[3]; failed.Errors["Unavailable"] != 1 || len(failed.Messages) != 1 {
		t.Errorf("a call to nobody: %+v", failed)
	}
}

// Envoy reports for the program where there is one; reporting twice would double all figures.
func TestOnlyProxylessProgramsReport(t *testing.T) {
	t.Parallel()
	p := launch(t, map[string]string{"SERVICE_NAME": "movies"})
	p.call("http://"+p.addresses["http"], 1)
	if code, body, err := p.get("control", "/stats/prometheus"); err != nil || code != http.StatusOK || strings.Contains(string(body), "istio_") {
		t.Errorf("status %d, error %v, %s", code, err, body)
	}
}

func TestIdentityComesFromTheSidecarOnlyIfThereIsOne(t *testing.T) {
	t.Parallel()
	for sidecar, want := range map[string]string{"true": identity("frontpage"), "false": ""} {
		p := launch(t, map[string]string{"SERVICE_NAME": "catalog", "SIDECAR": sidecar})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.addresses["http"], nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Forwarded-Client-Cert", "By="+identity("catalog")+";URI="+identity("frontpage"))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var got answer.Answer
		err = json.NewDecoder(response.Body).Decode(&got)
		response.Body.Close()
		if err != nil || got.Caller.Identity != want {
			t.Errorf("sidecar %s: caller %q, error %v; want %q", sidecar, got.Caller.Identity, err, want)
		}
	}
}

// The control port makes calls for whoever asks: nothing of it may be on a port that a Service exposes.
func TestTheServicePortsOfferNoControl(t *testing.T) {
	t.Parallel()
	p := launch(t, map[string]string{"SERVICE_NAME": "frontpage", "LOAD_TARGET": "http://127.0.0.1:1/", "LOAD_ENABLED": "false"})
	for _, path := range []string{"/call?target=http://127.0.0.1:1/", "/load", "/stats/prometheus"} {
		_, body, err := p.get("http", path)
		var got answer.Answer
		if err != nil || json.Unmarshal(body, &got) != nil || got.Service != "frontpage" {
			t.Errorf("%s on the HTTP port: %s, error %v; want the service's ordinary answer", path, body, err)
		}
	}
}

func TestLoadIsSwitchedOverTheControlPort(t *testing.T) {
	t.Parallel()
	target := launch(t, map[string]string{"SERVICE_NAME": "frontpage"})
	p := launch(t, map[string]string{"LOAD_TARGET": "grpc://" + target.addresses["grpc"] + "/", "LOAD_ENABLED": "false", "LOAD_MIN_RPS": "50", "LOAD_MAX_RPS": "50"})
	state := func() (s struct {
		Enabled      bool
		Sent, Failed int
	}) {
		_, body, err := p.get("control", "/load")
		if err != nil || json.Unmarshal(body, &s) != nil {
			t.Fatalf("state of the load: %s, %v", body, err)
		}
		return s
	}
	if s := state(); s.Enabled || s.Sent > 0 {
		t.Errorf("switched off, but %+v", s)
	}
	post := func(action string) {
		response, err := http.Post("http://"+p.addresses["control"]+"/load/"+action, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	post("start")
	eventually(t, "load is generated", func() error {
		if s := state(); s.Sent < 5 || s.Failed > 0 {
			return fmt.Errorf("state %+v", s)
		}
		return nil
	})
	post("stop")
	if state().Enabled {
		t.Error("it goes on after stop")
	}
}

// Anything that is no introduction is payload: the port then behaves as a sink that answers at the end.
func TestTCPServesCallersOfAnyKind(t *testing.T) {
	t.Parallel()
	p := launch(t, map[string]string{"SERVICE_NAME": "database"})
	connection, err := net.Dial("tcp", p.addresses["tcp"])
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := connection.Write([]byte("\x16\x03no json\n" + strings.Repeat("x", 1<<20))); err != nil {
		t.Fatal(err)
	}
	if err := connection.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	var got answer.Answer
	if err := json.NewDecoder(connection).Decode(&got); err != nil || got.Service != "database" {
		t.Errorf("answer %+v, error %v", got, err)
	}
}
