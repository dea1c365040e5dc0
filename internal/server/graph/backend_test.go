package graph_test

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/meshmanager/smm/internal/telemetry"
	"github.com/meshmanager/smm/internal/telemetry/telemetrytest"
)

// scrape is the time between two scrapes of the tests' metrics backend.
const scrape = 5 * time.Second

// backend is a metrics backend that knows what happened in the last five minutes.
type backend struct {
	*telemetrytest.Prometheus
	from, to time.Time
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	now := time.Now()
	return &backend{Prometheus: telemetrytest.Start(t), from: now.Add(-5 * time.Minute), to: now.Add(time.Hour)}
}

func (b *backend) mesh(t *testing.T) *telemetry.Mesh {
	t.Helper()
	one, err := telemetry.NewBackend("", telemetry.Settings{URL: b.URL}, scrape)
	if err != nil {
		t.Fatal(err)
	}
	return &telemetry.Mesh{Backends: []*telemetry.Backend{one}}
}

// called makes a workload of cluster c1 call another one, and both report it.
func (b *backend) called(from, to telemetrytest.Call, perSecond float64) {
	for _, reporter := range []string{"source", "destination"} {
		call := telemetrytest.Call{
			Reporter: reporter, FromCluster: "c1", FromNamespace: from.FromNamespace, FromName: from.FromName,
			ToCluster: "c1", ToNamespace: to.ToNamespace, ToName: to.ToName, Service: to.Service,
		}
		if reporter == "destination" {
			call.Security = "mutual_tls"
		}
		b.Calls(call, perSecond, b.from, b.to, scrape)
		b.Durations(call, perSecond, []float64{10, 20, 50}, 10, b.from, b.to, scrape)
	}
}

var long = regexp.MustCompile(`\d+\.\d{13,}`)

// exact takes out of an answer's numbers what floating point adds to a rate, some 1e-15 of it: that depends on where
// between two scrapes the question falls, which no test can choose.
func exact(answer string) string {
	return long.ReplaceAllStringFunc(answer, func(text string) string {
		number, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return text
		}
		return strconv.FormatFloat(number, 'g', 13, 64)
	})
}
