// Package telemetry asks metrics backends that speak Prometheus' HTTP API (Prometheus, Thanos, VictoriaMetrics) about the
// mesh. The number of questions does not depend on the mesh's size.
package telemetry

//go:generate go run ./generate ../../docs/reference/prometheus-rules.yaml
