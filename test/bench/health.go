package main

import (
	"fmt"
	"math"
	"time"

	"github.com/meshmanager/smm/internal/health"
)

// measureHealth judges the workloads of a large mesh: what is expected of each from the same time of the days before, and
// what is observed of it.
func measureHealth(r *report) error {
	now := time.Now()
	histories := make([]health.History, benchWorkloads)
	for i := range histories {
		histories[i] = ordinaryWeek(now, i)
	}
	begun := time.Now()
	healthy := 0
	for _, history := range histories {
		if health.Judge(history, now).Verdict == health.Healthy {
			healthy++
		}
	}
	r.milliseconds("health: judge 3,000 workloads by their week", time.Since(begun), "< 1000 ms")
	if healthy < benchWorkloads*99/100 {
		return fmt.Errorf("of %d ordinary workloads %d are healthy", benchWorkloads, healthy)
	}
	return nil
}

// ordinaryWeek has values of all measures every five minutes, a little different each time.
func ordinaryWeek(now time.Time, workload int) health.History {
	history := health.History{}
	for _, measure := range health.Measures() {
		var series health.Series
		for back := (health.Days*24*time.Hour + health.Reach) / health.Window; back >= 0; back-- {
			wave := 1 + 0.05*math.Sin(float64(int(back)*7+workload))
			series = append(series, health.Sample{At: now.Add(-back * health.Window), Value: typical(measure) * wave})
		}
		history[measure] = series
	}
	return history
}

// typical is a value that is nothing special.
func typical(measure health.Measure) float64 {
	switch measure {
	case health.Requests:
		return 50
	case health.ErrorRate, health.CPUThrottled:
		return 0.001
	case health.Memory:
		return 200 << 20
	}
	return 0.1
}
