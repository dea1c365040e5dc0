package health_test

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/meshmanager/smm/internal/health"
)

// monday is when the synthetic weeks begin.
var monday = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

const (
	step = 5 * time.Minute
	day  = 24 * time.Hour
	week = 7 * day
)

// service is one with ordinary traffic: a rhythm of days and weeks, days that differ, noise that lasts some minutes, and
// failures that happen by chance.
type service struct {
	random  *rand.Rand
	rate    float64 // requests a second at noon of a weekday
	failing float64 // share of requests that fail
}

func newService(seed uint64, rate, failing float64) *service {
	return &service{rand.New(rand.NewPCG(seed, 1)), rate, failing}
}

// drift is noise in which each value is like the one before.
type drift struct{ value, stays, width float64 }

func (d *drift) next(random *rand.Rand) float64 {
	d.value = d.stays*d.value + math.Sqrt(1-d.stays*d.stays)*d.width*random.NormFloat64()
	return d.value
}

// history makes series from the beginning of the first week on. change may alter each moment's values.
func (s *service) history(length time.Duration, change func(at time.Time, values health.Observed)) health.History {
	history := health.History{}
	load := &drift{stays: 0.8, width: 0.12}
	speed := &drift{stays: 0.7, width: 0.1}
	heap := &drift{stays: 0.98, width: 0.08}
	ofDay := 1.0
	for at := monday; at.Before(monday.Add(length)); at = at.Add(step) {
		if at.Hour() == 0 && at.Minute() == 0 {
			ofDay = math.Exp(0.08 * s.random.NormFloat64())
		}
		rate := s.rate * ofDay * rhythm(at) * math.Exp(load.next(s.random))
		requests := s.count(rate * step.Seconds())
		rate = requests / step.Seconds()
		latency := 0.05 * (1 + 0.3*rhythm(at)) * math.Exp(speed.next(s.random))
		values := health.Observed{
			health.Requests: rate,
			health.CPU:      0.05 + rate*0.004*math.Exp(0.15*s.random.NormFloat64()),
			health.Memory:   400e6 * math.Exp(heap.next(s.random)), health.CPUThrottled: 0.02 * s.random.Float64(),
		}
		if requests > 0 {
			few := 1 / math.Sqrt(requests)
			values[health.ErrorRate] = s.count(requests*s.failing) / requests
			values[health.P50] = latency * math.Exp(few*s.random.NormFloat64())
			values[health.P95] = 3 * latency * math.Exp((0.1+2*few)*s.random.NormFloat64())
			values[health.P99] = 6 * latency * math.Exp((0.15+4*few)*s.random.NormFloat64())
		}
		if change != nil {
			change(at, values)
		}
		for measure, value := range values {
			history[measure] = append(history[measure], health.Sample{At: at, Value: value})
		}
	}
	return history
}

// count is how often something happens that is expected so often.
func (s *service) count(expected float64) float64 {
	if expected > 50 {
		return math.Max(0, math.Round(expected+math.Sqrt(expected)*s.random.NormFloat64()))
	}
	limit, product, count := math.Exp(-expected), s.random.Float64(), 0.0
	for product > limit {
		product *= s.random.Float64()
		count++
	}
	return count
}

// rhythm is the share of the noon's traffic: little at night, and less on weekends.
func rhythm(at time.Time) float64 {
	hour := float64(at.Hour()) + float64(at.Minute())/60
	share := 0.15 + 0.85*math.Pow(math.Sin(math.Pi*hour/24), 2)
	if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		share *= 0.4
	}
	return share
}
