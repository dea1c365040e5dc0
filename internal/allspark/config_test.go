package allspark

import (
	"strings"
	"testing"
	"time"

	"github.com/meshmanager/smm/internal/allspark/load"
)

func environmentOf(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestDefaultsAreTheDocumentedPorts(t *testing.T) {
	c, err := FromEnvironment(environmentOf(map[string]string{"SERVICE_NAME": "movies"}))
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP != "0.0.0.0:8080" || c.Control != "0.0.0.0:8081" || c.GRPC != "0.0.0.0:8082" || c.TCP != "0.0.0.0:8083" || c.HTTPEndpoint != "/" {
		t.Errorf("listen addresses %s %s %s %s", c.HTTP, c.Control, c.GRPC, c.TCP)
	}
	if c.Service != "movies" || c.Bootstrap != "" || len(c.LoadTargets) != 0 {
		t.Errorf("config %+v", c)
	}
}

func TestProxylessModeIsDetected(t *testing.T) {
	const bootstrap = "/etc/istio/proxy/grpc-bootstrap.json"
	tests := map[string]struct {
		env  map[string]string
		want string
		err  string
	}{
		"template of Istio": {map[string]string{"GRPC_XDS_BOOTSTRAP": bootstrap}, bootstrap, ""},
		"switched off":      {map[string]string{"GRPC_XDS_BOOTSTRAP": bootstrap, "PROXYLESS": "false"}, "", ""},
		"impossible":        {map[string]string{"PROXYLESS": "true"}, "", "GRPC_XDS_BOOTSTRAP"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := FromEnvironment(environmentOf(test.env))
			if test.err == "" && (err != nil || c.Bootstrap != test.want) {
				t.Errorf("bootstrap %q, error %v; want %q", c.Bootstrap, err, test.want)
			}
			if test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want one with %q", err, test.err)
			}
		})
	}
}

func TestLoadGeneratorIsConfigured(t *testing.T) {
	c, err := FromEnvironment(environmentOf(map[string]string{
		"LOAD_TARGET": "grpc://frontpage:8082/#1", "LOAD_MAX_RPS": "50", "LOAD_SWING_PERIOD": "10m", "LOAD_ENABLED": "false",
	}))
	want := load.Settings{MinRPS: 10, MaxRPS: 50, SwingPeriod: 10 * time.Minute}
	if err != nil || len(c.LoadTargets) != 1 || c.Load != want {
		t.Errorf("targets %v, settings %+v, error %v", c.LoadTargets, c.Load, err)
	}
}

func TestMistakesNameTheVariable(t *testing.T) {
	for name, value := range map[string]string{
		"REQUESTS": "movies", "REQUEST_TIMEOUT": "0s", "HTTPSERVER_LISTENADDRESS": "8080", "WORKLOAD": "Sleep", "SIDECAR": "perhaps",
		"PI_COUNT": "-1", "LOG_LEVEL": "loud", "LOAD_TARGET": "frontpage", "PROXYLESS": "perhaps",
	} {
		_, err := FromEnvironment(environmentOf(map[string]string{name: value}))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: error %v, want one that names the variable", name, value, err)
		}
	}
}

func TestWorkloads(t *testing.T) {
	echo, err := workload("Echo", "ratings", 0)
	if err != nil || echo() != "ratings" {
		t.Errorf("Echo: %v", err)
	}
	leibniz, err := workload("PI", "", 1_000_000)
	if err != nil || leibniz() != "π ≈ 3.141592" {
		t.Errorf("PI: %v, %v", leibniz(), err)
	}
}
