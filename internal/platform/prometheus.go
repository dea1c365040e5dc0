package platform

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

const (
	// PrometheusName is the documented name of Prometheus' Service in SystemNamespace.
	PrometheusName = "smm-prometheus"
	// PrometheusPort is the documented port of the Service.
	PrometheusPort = 59090
	// PrometheusPath is the documented path below which Prometheus serves.
	PrometheusPath = "/prometheus"

	// prometheusPods is the documented name of what runs Prometheus.
	prometheusPods = "prometheus-smm-prometheus"

	prometheusImage = "docker.io/prom/prometheus"
	prometheusTag   = "v3.13.0"

	// defaultScrapeInterval is the documented time between two collections.
	defaultScrapeInterval = "5s"
	// defaultRetention keeps what health is judged by, which is a week, and some days more.
	defaultRetention = "10d"
)

// metricsProxied name the Services and ports of the product's metrics as the API server does that leads there.
func metricsProxied() []string {
	return []string{fmt.Sprintf("%s:%d", PrometheusName, PrometheusPort), fmt.Sprintf("%s:%d", ThanosQueryName, ThanosQueryPort)}
}

// prometheusSettings are the fields of the ControlPlane, and what only valuesOverride can set.
type prometheusSettings struct {
	smmv1alpha1.Prometheus `json:",inline"`

	// ExtraArgs are arguments of the program besides the product's.
	ExtraArgs []string `json:"extraArgs,omitempty"`
	// PodAnnotations are of Prometheus' pods.
	PodAnnotations map[string]string `json:"podAnnotations,omitempty"`
	// ExtraScrapeConfigs collect further metrics, in Prometheus' own form.
	ExtraScrapeConfigs []map[string]any `json:"extraScrapeConfigs,omitempty"`
}

// metricsStore is the part of smm that stores metrics: a Prometheus, or one that somebody else runs.
type metricsStore struct{ rendered }

func newMetricsStore(k keeper) metricsStore { return metricsStore{rendered{k, prometheus()}} }

func (m metricsStore) install(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (state, error) {
	external := cp.Spec.SMM.Prometheus.External
	if external == nil {
		return m.rendered.install(ctx, cp, save)
	}
	now, err := m.rendered.remove(ctx, cp, save)
	if err != nil || now.status != smmv1alpha1.ComponentRemoved {
		return now, err
	}
	return available("the metrics are at " + external.URL), nil
}

func prometheus() renderedComponent {
	return renderedComponent{
		key:    smmv1alpha1.ComponentPrometheus,
		wanted: wantsPrometheus,
		render: func(cp *smmv1alpha1.ControlPlane) ([]*unstructured.Unstructured, error) {
			if cp.Spec.SMM.Prometheus.External != nil {
				return nil, nil
			}
			settings, err := prometheusSettingsOf(&cp.Spec)
			if err != nil {
				return nil, err
			}
			objects, err := prometheusObjects(cp, settings)
			if err != nil {
				return nil, err
			}
			return encode(objects)
		},
	}
}

func wantsPrometheus(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return wantsSMM(spec) && spec.SMM.Prometheus != nil && isTrue(spec.SMM.Prometheus.Enabled)
}

func prometheusSettingsOf(spec *smmv1alpha1.ControlPlaneSpec) (prometheusSettings, error) {
	replicas := int32(1)
	if highlyAvailable(spec) {
		replicas = highAvailabilityPods
	}
	defaults := prometheusSettings{}
	defaults.Replicas = &replicas
	defaults.Thanos = thanosDefaults(spec)
	defaults.RetentionTime = defaultRetention
	defaults.Scraping = &smmv1alpha1.PrometheusScraping{Frequency: &smmv1alpha1.ScrapingFrequency{Interval: defaultScrapeInterval}}
	defaults.Image = &smmv1alpha1.Image{Repository: relocated(spec.RepositoryOverride, prometheusImage), Tag: prometheusTag}
	settings, err := settle(defaults, spec.SMM.Prometheus, override{
		path: "spec.smm.prometheus.valuesOverride", values: spec.SMM.Prometheus.ValuesOverride, managed: []string{"enabled", "external"},
	})
	if err != nil {
		return settings, err
	}
	frequency := settings.Scraping.Frequency
	interval, err := settings.interval()
	if err != nil {
		return settings, err
	}
	if frequency.Timeout == "" {
		frequency.Timeout = frequency.Interval
	}
	timeout, err := model.ParseDuration(string(frequency.Timeout))
	if err != nil || timeout == 0 || time.Duration(timeout) > interval {
		return settings, fmt.Errorf("spec.smm.prometheus.scraping.frequency.timeout is %q: give a time that is not longer than the interval, which is %s",
			frequency.Timeout, frequency.Interval)
	}
	return settings, nil
}

// MetricsEndpoint is where the metrics of a ControlPlane's cluster are.
type MetricsEndpoint struct {
	// URL is that of a backend that somebody else runs; "" for the product's own.
	URL string
	// Service, Port and Path lead to the product's own, in SystemNamespace.
	Service string
	Port    int
	Path    string
	// Secret has the credentials for the URL: username and password, or token; "" for none.
	Secret string
	// Interval is the time between two collections; 0 when it is not known.
	Interval time.Duration
}

// Metrics tells where the metrics are that a ControlPlane asks for; nil when it asks for none. It is pure.
func Metrics(spec *smmv1alpha1.ControlPlaneSpec) (*MetricsEndpoint, error) {
	if !wantsPrometheus(spec) {
		return nil, nil
	}
	if external := spec.SMM.Prometheus.External; external != nil {
		endpoint := &MetricsEndpoint{URL: external.URL, Secret: external.SecretName}
		if scraping := spec.SMM.Prometheus.Scraping; scraping != nil && scraping.Frequency != nil && scraping.Frequency.Interval != "" {
			interval, err := model.ParseDuration(string(scraping.Frequency.Interval))
			if err != nil {
				return nil, fmt.Errorf("spec.smm.prometheus.scraping.frequency.interval: %w", err)
			}
			endpoint.Interval = time.Duration(interval)
		}
		return endpoint, nil
	}
	settings, err := prometheusSettingsOf(spec)
	if err != nil {
		return nil, err
	}
	interval, err := settings.interval()
	endpoint := &MetricsEndpoint{Service: PrometheusName, Port: PrometheusPort, Path: PrometheusPath, Interval: interval}
	if settings.joined(spec) {
		endpoint.Service, endpoint.Port, endpoint.Path = ThanosQueryName, ThanosQueryPort, ""
	}
	return endpoint, err
}

// interval is the time between two collections.
func (s *prometheusSettings) interval() (time.Duration, error) {
	interval, err := model.ParseDuration(string(s.Scraping.Frequency.Interval))
	if err != nil || interval == 0 {
		return 0, fmt.Errorf("spec.smm.prometheus.scraping.frequency.interval is %q: give a time such as 15s", s.Scraping.Frequency.Interval)
	}
	return time.Duration(interval), nil
}

// alertmanagers are the addresses that alerts are sent to: alertmanager.static comes first.
func (s *prometheusSettings) alertmanagers() []string {
	addresses := s.Static
	if s.Alertmanager != nil && len(s.Alertmanager.Static) > 0 {
		addresses = s.Alertmanager.Static
	}
	var targets []string
	for _, address := range addresses {
		targets = append(targets, fmt.Sprintf("%s:%d", address.Host, cmp.Or(address.Port, 9093)))
	}
	return targets
}

// prometheusPlacement is where Prometheus' pods run.
func prometheusPlacement(spec *smmv1alpha1.ControlPlaneSpec, pod *corev1.PodSpec) {
	pod.Affinity, pod.NodeSelector, pod.Tolerations = spec.Affinity, spec.NodeSelector, spec.Tolerations
	pod.ImagePullSecrets = pullSecretsOf(spec)
}
