package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"

	"github.com/meshmanager/smm/internal/telemetry/telemetrytest"
)

const (
	// scrapeInterval is how far values lie apart.
	scrapeInterval = 5 * time.Second
	// scrapes are enough for what is measured to end before the last of them.
	scrapes = 24
	// perWrite is how many series are written at once.
	perWrite = 20_000
)

// durationBounds are those of Istio's histograms, in milliseconds.
func durationBounds() []string {
	return []string{"0.5", "1", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000", "30000", "60000",
		"300000", "600000", "1800000", "3600000", "+Inf"}
}

// fill writes what both ends of all edges will report from a time on, and returns how many series these are.
func fill(ctx context.Context, url string, from time.Time) (series int, err error) {
	var batch []prompb.TimeSeries
	add := func(name labels.Labels, perSecond float64) error {
		batch = append(batch, counter(name, perSecond, from))
		series++
		if len(batch) < perWrite {
			return nil
		}
		err := write(ctx, url, batch)
		batch = batch[:0]
		return err
	}
	for i := range benchEdges {
		from, to, service := benchCall(i)
		for _, reporter := range []string{"source", "destination"} {
			call := telemetrytest.Call{Reporter: reporter, FromCluster: "c1", FromName: from, ToCluster: "c1", ToName: to, Service: service, Security: "mutual_tls"}
			if err := add(call.Labels(), 1); err != nil {
				return 0, err
			}
			call.Metric = "istio_request_duration_milliseconds_bucket"
			name := labels.NewBuilder(call.Labels())
			for j, bound := range durationBounds() {
				if err := add(name.Set("le", bound).Labels(), min(1, float64(j)/10)); err != nil {
					return 0, err
				}
			}
		}
	}
	return series, write(ctx, url, batch)
}

// counter has the values of a counter that grows evenly.
func counter(name labels.Labels, perSecond float64, from time.Time) prompb.TimeSeries {
	series := prompb.TimeSeries{Labels: prompb.FromLabels(name, nil)}
	for i := range scrapes {
		at := from.Add(time.Duration(i) * scrapeInterval)
		series.Samples = append(series.Samples, prompb.Sample{Timestamp: at.UnixMilli(), Value: perSecond * (1000 + float64(i)*scrapeInterval.Seconds())})
	}
	return series
}

// write sends series by Prometheus' remote write protocol, version 1.0.
func write(ctx context.Context, url string, series []prompb.TimeSeries) error {
	content, err := (&prompb.WriteRequest{Timeseries: series}).Marshal()
	if err != nil {
		return fmt.Errorf("encode metrics: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/write", bytes.NewReader(snappy.Encode(nil, content)))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0"} {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		answer, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return fmt.Errorf("write metrics: Prometheus answers %s: %s", response.Status, answer)
	}
	return nil
}
