package admission

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
)

const (
	// budget is the longest time that the checks may take: an answer without warnings is better than a late one.
	budget = 700 * time.Millisecond
	// maxReview bounds a request, in bytes: it holds an object of at most 1.5 MiB, and its former state.
	maxReview = 8 << 20
)

// Handler answers the API server's admission reviews: every object is allowed.
type Handler struct {
	warner   *Warner
	duration *prometheus.HistogramVec
}

// NewHandler returns a Handler that tells what the Warner says.
func NewHandler(warner *Warner) *Handler {
	return &Handler{warner: warner, duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "smm_admission_review_duration_seconds",
		Help:    "Time that answers to admission reviews took, by outcome: warned, clean, or unknown when there was no time or nothing to judge by.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1},
	}, []string{"outcome"})}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReview))
	var review admissionv1.AdmissionReview
	if err != nil || json.Unmarshal(body, &review) != nil || review.Request == nil {
		http.Error(w, "an AdmissionReview of admission.k8s.io/v1 is needed", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), budget)
	defer cancel()
	warnings, known := h.warner.warnings(ctx, review.Request)
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, Warnings: warnings}
	review.Request = nil
	h.duration.WithLabelValues(outcome(warnings, known)).Observe(time.Since(started).Seconds())
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review) // who asked has gone
}

func outcome(warnings []string, known bool) string {
	switch {
	case len(warnings) > 0:
		return "warned"
	case known:
		return "clean"
	}
	return "unknown"
}

// Describe implements prometheus.Collector.
func (h *Handler) Describe(descriptions chan<- *prometheus.Desc) { h.duration.Describe(descriptions) }

// Collect implements prometheus.Collector.
func (h *Handler) Collect(metrics chan<- prometheus.Metric) { h.duration.Collect(metrics) }
