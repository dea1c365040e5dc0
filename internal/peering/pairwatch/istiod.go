package pairwatch

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/meshmanager/smm/internal/peering"
)

// istiod tells of its knowledge of other clusters in its metrics: a sample for each cluster and state, of which one has
// the value 1. Releases that do not have this metric still count the clusters.
const (
	istiodMetricsPort = "15014"
	syncMetric        = "istiod_remote_cluster_sync_status"
	countMetric       = "istiod_managed_clusters"
	mostMetrics       = 64 << 20 // bytes
)

// istiodSays is what one istiod says of other clusters.
type istiodSays struct {
	states map[string]string // by cluster
	silent bool
}

// of is what it says of one of them.
func (s istiodSays) of(address, cluster string) peering.IstiodSight {
	return peering.IstiodSight{Address: address, State: s.states[cluster], Silent: s.silent}
}

// ask asks an istiod.
func ask(ctx context.Context, address string) (istiodSays, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(address, istiodMetricsPort)+"/metrics", nil)
	if err != nil {
		return istiodSays{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return istiodSays{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return istiodSays{}, fmt.Errorf("it answers %s", response.Status)
	}
	return understand(io.LimitReader(response.Body, mostMetrics))
}

func understand(metrics io.Reader) (istiodSays, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(metrics)
	if err != nil {
		return istiodSays{}, fmt.Errorf("read its metrics: %w", err)
	}
	says := istiodSays{states: map[string]string{}}
	for _, sample := range families[syncMetric].GetMetric() {
		if sample.GetGauge().GetValue() == 1 {
			says.states[label(sample, "cluster")] = label(sample, "status")
		}
	}
	for _, sample := range families[countMetric].GetMetric() {
		if families[syncMetric] == nil && label(sample, "cluster_type") == "remote" && sample.GetGauge().GetValue() > 0 {
			says.silent = true
		}
	}
	return says, nil
}

func label(sample *dto.Metric, name string) string {
	for _, pair := range sample.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}
