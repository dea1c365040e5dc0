package allspark_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/meshmanager/smm/internal/allspark"
	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/mesh/meshtest"
	"github.com/meshmanager/smm/internal/allspark/serve"
	"github.com/meshmanager/smm/internal/allspark/xdsmux/xdstest"
)

// runAsProgram makes the test binary be the program, so that each service is a process of its own, as in a pod.
const runAsProgram = "ALLSPARK_TEST_RUN"

const patience = 20 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(runAsProgram) == "" {
		os.Exit(m.Run())
	}
	if err := runProgram(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runProgram() error {
	config, err := allspark.FromEnvironment(os.Getenv)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return allspark.Run(ctx, config, slog.New(slog.NewJSONHandler(os.Stdout, nil)))
}

func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// program is a running allspark.
type program struct {
	t         *testing.T
	agent     *xdstest.Agent // nil without a mesh
	addresses map[string]string
}

// launch starts the program on free ports and waits until it listens.
func launch(t *testing.T, environment map[string]string) *program {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), runAsProgram+"=1", "DRAIN_DELAY=100ms")
	for _, name := range []string{"HTTPSERVER_LISTENADDRESS", "GRPCSERVER_LISTENADDRESS", "TCPSERVER_LISTENADDRESS", "CONTROL_LISTENADDRESS"} {
		command.Env = append(command.Env, name+"=127.0.0.1:0")
	}
	for name, value := range environment {
		command.Env = append(command.Env, name+"="+value)
	}
	var errOut bytes.Buffer
	command.Stderr = &errOut
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", environment["SERVICE_NAME"], err, errOut.String())
		}
	})
	t.Cleanup(stop)
	p := &program{t: t, addresses: map[string]string{}}
	lines := bufio.NewScanner(out)
	for len(p.addresses) < 4 && lines.Scan() {
		var line struct{ Msg, Protocol, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			p.addresses[line.Protocol] = line.Address
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if len(p.addresses) < 4 {
		stop()
		t.Fatalf("it listens on %v only:\n%s", p.addresses, errOut.String())
	}
	return p
}

// join starts the program as a proxyless workload of the mesh, with an agent of its own.
func join(t *testing.T, authority *meshtest.Authority, name, version, requests string) *program {
	t.Helper()
	agent := xdstest.Start(t, nil)
	files := authority.Issue(t, identity(name))
	bootstrap, err := json.Marshal(map[string]any{
		"xds_servers": []any{map[string]any{"server_uri": agent.Target(), "channel_creds": []any{map[string]any{"type": "insecure"}}, "server_features": []any{"xds_v3"}}},
		"node": map[string]any{"id": "sidecar~127.0.0.1~" + name, "metadata": map[string]any{
			"WORKLOAD_NAME": name + "-" + version, "NAMESPACE": "smm-demo", "SERVICE_ACCOUNT": name, "CLUSTER_ID": "c1",
			"LABELS": map[string]string{"app": name, "version": version},
		}},
		"certificate_providers": map[string]any{"default": map[string]any{"plugin_name": "file_watcher", "config": map[string]string{
			"certificate_file": files.Certificate, "private_key_file": files.Key, "ca_certificate_file": files.Roots, "refresh_interval": "900s",
		}}},
		"server_listener_resource_name_template": inboundPrefix + "%s",
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "grpc-bootstrap.json")
	if err := os.WriteFile(path, bootstrap, 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, map[string]string{
		"SERVICE_NAME": name, "POD_NAMESPACE": "smm-demo", "POD_NAME": name + "-" + version + "-1",
		"GRPC_XDS_BOOTSTRAP": path, "REQUESTS": requests,
	})
	p.agent = agent
	return p
}

func identity(serviceAccount string) string {
	return mesh.Identity{TrustDomain: "cluster.local", Namespace: "smm-demo", ServiceAccount: serviceAccount}.String()
}

// get reads from the program's HTTP ports.
func (p *program) get(protocol, path string) (int, []byte, error) {
	response, err := http.Get("http://" + p.addresses[protocol] + path)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

func (p *program) awaitReady() {
	p.t.Helper()
	eventually(p.t, "it is ready", func() error {
		code, body, err := p.get("control", "/readyz")
		if err == nil && code != http.StatusOK {
			err = fmt.Errorf("status %d: %s", code, body)
		}
		return err
	})
}

// call lets the program make calls.
func (p *program) call(target string, n int, options ...string) serve.Report {
	p.t.Helper()
	query := fmt.Sprintf("/call?target=%s&n=%d", url.QueryEscape(target), n)
	for _, option := range options {
		query += "&" + option
	}
	code, body, err := p.get("control", query)
	if err != nil || code != http.StatusOK {
		p.t.Fatalf("%s: status %d, error %v, %s", query, code, err, body)
	}
	var report serve.Report
	if err := json.Unmarshal(body, &report); err != nil {
		p.t.Fatal(err)
	}
	return report
}

// count adds up the series of a counter or histogram that have the given labels.
func (p *program) count(metric string, labels map[string]string) float64 {
	p.t.Helper()
	_, body, err := p.get("control", "/stats/prometheus")
	if err != nil {
		p.t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	var sum float64
	for _, series := range families[metric].GetMetric() {
		if hasLabels(series, labels) {
			sum += series.GetCounter().GetValue() + float64(series.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

func hasLabels(series *dto.Metric, labels map[string]string) bool {
	matched := 0
	for _, label := range series.GetLabel() {
		if want, ok := labels[label.GetName()]; ok {
			if label.GetValue() != want {
				return false
			}
			matched++
		}
	}
	return matched == len(labels)
}
