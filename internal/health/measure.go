package health

import "math"

// Measure is something that is measured of an object.
type Measure string

// The measures.
const (
	Requests     Measure = "REQUESTS"      // requests a second
	ErrorRate    Measure = "ERROR_RATE"    // share of requests that the server failed, from 0 to 1
	P50          Measure = "P50"           // seconds
	P95          Measure = "P95"           // seconds
	P99          Measure = "P99"           // seconds
	CPU          Measure = "CPU"           // CPUs in use
	Memory       Measure = "MEMORY"        // bytes in use
	CPUThrottled Measure = "CPU_THROTTLED" // share of time in which the limit held it back, from 0 to 1
)

// Measures lists all measures in the order in which they are shown.
func Measures() []Measure {
	return []Measure{Requests, ErrorRate, P50, P95, P99, CPU, Memory, CPUThrottled}
}

// Unit is the unit of the measure's values.
func (m Measure) Unit() string { return m.rule().unit }

// rule says how a measure is judged.
type rule struct {
	name, unit string
	// zero is what counts as nothing: values are compared by the logarithm of value + zero, so that ratios matter and
	// values far below zero do not.
	zero float64
	// slack is the least ratio by which a value may leave what was observed: constant series would be traps otherwise.
	slack float64
	// half is the ratio beyond the range at which half of the score is lost, at least.
	half float64
	// low says that less than expected is bad too.
	low bool
	// worst is the least score that too much leads to, worstLow the one for too little: not everything that is unusual is
	// a failure.
	worst, worstLow int
	// requests is the least number of requests in a window for which the value means something.
	requests float64
}

// rule returns the rule of a measure.
func (m Measure) rule() rule {
	switch m {
	case Requests:
		return rule{name: "request rate", unit: "1/s", zero: 1 / windowSeconds, slack: 2, half: 2, low: true, worst: mild}
	case ErrorRate:
		return rule{name: "error rate", unit: "1", zero: 0.005, slack: 2, half: 2.5, requests: 5}
	case P50:
		return rule{name: "median latency", unit: "s", zero: 0.001, slack: 1.3, half: 1.5, requests: 20}
	case P95:
		return rule{name: "P95 latency", unit: "s", zero: 0.002, slack: 1.4, half: 1.5, requests: 20}
	case P99:
		return rule{name: "P99 latency", unit: "s", zero: 0.005, slack: 1.5, half: 1.5, requests: 100}
	case CPU:
		return rule{name: "CPU usage", unit: "cores", zero: 0.02, slack: 2, half: 2, worst: mild}
	case Memory:
		return rule{name: "memory usage", unit: "B", zero: 8 << 20, slack: 1.3, half: 1.5, worst: mild}
	case CPUThrottled:
		return rule{name: "CPU throttling", unit: "1", zero: 0.05, slack: 3, half: 2, worst: mild}
	}
	return rule{name: string(m), unit: "", zero: 1, slack: 2, half: 2}
}

// compared is the value in the form in which values are compared.
func (r rule) compared(value float64) float64 { return math.Log(value + r.zero) }

// value is the opposite of compared.
func (r rule) value(compared float64) float64 { return max(0, math.Exp(compared)-r.zero) }

// usable tells whether a value can be compared: what is measured is never negative.
func usable(value float64) bool { return value >= 0 && !math.IsInf(value, 1) }
