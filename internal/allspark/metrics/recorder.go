package metrics

import (
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// buckets are the upper bounds that Envoy gives all histograms of Istio.
func buckets() []float64 {
	return []float64{
		0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000,
	}
}

// Request is one finished request.
type Request struct {
	Exchange
	Code       string // HTTP status, or CodeNoResponse
	GRPCStatus string // number of the gRPC status, "" for other protocols
	Duration   time.Duration

	RequestBytes, ResponseBytes       int64
	RequestMessages, ResponseMessages int64 // gRPC only
}

// Recorder keeps the metrics. A nil Recorder records nothing: where Envoy reports, the program must not.
type Recorder struct {
	registry *prometheus.Registry

	requests                          *prometheus.CounterVec
	duration                          *prometheus.HistogramVec
	requestBytes, responseBytes       *prometheus.HistogramVec
	requestMessages, responseMessages *prometheus.CounterVec

	opened, closed, sent, received *prometheus.CounterVec
}

// NewRecorder returns an empty Recorder.
func NewRecorder() *Recorder {
	r := &Recorder{registry: prometheus.NewRegistry()}
	r.requests = r.counter("istio_requests_total", "Requests.", requestLabels())
	r.duration = r.histogram("istio_request_duration_milliseconds", "Duration of requests in milliseconds.")
	r.requestBytes = r.histogram("istio_request_bytes", "Size of requests in bytes.")
	r.responseBytes = r.histogram("istio_response_bytes", "Size of responses in bytes.")
	r.requestMessages = r.counter("istio_request_messages_total", "gRPC messages sent by clients.", exchangeLabels())
	r.responseMessages = r.counter("istio_response_messages_total", "gRPC messages sent by servers.", exchangeLabels())
	r.opened = r.counter("istio_tcp_connections_opened_total", "TCP connections opened.", exchangeLabels())
	r.closed = r.counter("istio_tcp_connections_closed_total", "TCP connections closed.", exchangeLabels())
	r.sent = r.counter("istio_tcp_sent_bytes_total", "Bytes sent by servers over TCP connections.", exchangeLabels())
	r.received = r.counter("istio_tcp_received_bytes_total", "Bytes received by servers over TCP connections.", exchangeLabels())
	return r
}

func (r *Recorder) counter(name, help string, labels []string) *prometheus.CounterVec {
	vector := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	r.registry.MustRegister(vector)
	return vector
}

func (r *Recorder) histogram(name, help string) *prometheus.HistogramVec {
	vector := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets()}, requestLabels())
	r.registry.MustRegister(vector)
	return vector
}

// Request records a finished request.
func (r *Recorder) Request(request Request) {
	if r == nil {
		return
	}
	labels := request.labels()
	if request.Protocol == "grpc" {
		r.requestMessages.WithLabelValues(labels...).Add(float64(request.RequestMessages))
		r.responseMessages.WithLabelValues(labels...).Add(float64(request.ResponseMessages))
	}
	labels = append(labels, request.Code, request.GRPCStatus)
	r.requests.WithLabelValues(labels...).Inc()
	r.duration.WithLabelValues(labels...).Observe(float64(request.Duration) / float64(time.Millisecond))
	r.requestBytes.WithLabelValues(labels...).Observe(float64(request.RequestBytes))
	r.responseBytes.WithLabelValues(labels...).Observe(float64(request.ResponseBytes))
}

// Connection records a TCP connection that both ends have introduced themselves on. The returned function records
// its end, with the bytes that the server sent and received.
func (r *Recorder) Connection(exchange Exchange) (closed func(sent, received int64)) {
	if r == nil {
		return func(int64, int64) {}
	}
	labels := exchange.labels()
	r.opened.WithLabelValues(labels...).Inc()
	return func(sent, received int64) {
		r.closed.WithLabelValues(labels...).Inc()
		r.sent.WithLabelValues(labels...).Add(float64(sent))
		r.received.WithLabelValues(labels...).Add(float64(received))
	}
}

// ServeHTTP writes all metrics in Prometheus' text format.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	if r == nil {
		return
	}
	if err := r.write(w); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (r *Recorder) write(w io.Writer) error {
	families, err := r.registry.Gather()
	if err != nil {
		return err
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(w, family); err != nil {
			return err
		}
	}
	return nil
}
