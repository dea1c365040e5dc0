package census

import (
	"bytes"
	"context"
	"fmt"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/meshmanager/smm/internal/istio"
)

// istiod's own metrics, and the one that counts the proxies that are connected to it.
const (
	istiodMetricsPort = "15014"
	connectionsMetric = "pilot_xds"
)

// Connected asks the istiods of a control plane how many proxies are connected to them, through the
// API server: the connections that istiod lists in detail are shown only to local callers.
func Connected(ctx context.Context, c kubernetes.Interface, plane istio.Revision) (int, error) {
	pods, err := c.CoreV1().Pods(plane.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=istiod," + istio.RevisionLabel + "=" + plane.Name})
	if err != nil {
		return 0, fmt.Errorf("list the pods of %s: %w", plane.Istiod(), err)
	}
	total := 0
	for i := range pods.Items {
		text, err := c.CoreV1().Pods(plane.Namespace).ProxyGet("http", pods.Items[i].Name, istiodMetricsPort, "/metrics", nil).DoRaw(ctx)
		if err != nil {
			return 0, fmt.Errorf("read the metrics of pod %s/%s: %w", plane.Namespace, pods.Items[i].Name, err)
		}
		connected, err := connectedIn(text)
		if err != nil {
			return 0, fmt.Errorf("metrics of pod %s/%s: %w", plane.Namespace, pods.Items[i].Name, err)
		}
		total += connected
	}
	return total, nil
}

// connectedIn adds up what an istiod says in its metrics.
func connectedIn(text []byte) (int, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, metric := range families[connectionsMetric].GetMetric() {
		total += metric.GetGauge().GetValue()
	}
	return int(total), nil
}
