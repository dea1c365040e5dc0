package allspark

import (
	"fmt"
	"math"
)

// The documented workloads.
const (
	workEcho = "Echo"
	workPI   = "PI"
)

const (
	// defaultTerms is how many terms of the series for π are summed up unless told otherwise; maxTerms bounds it.
	defaultTerms = 50000
	maxTerms     = 100_000_000
)

// workload returns what the service does for each call beside calling others, or nil.
func workload(name, echo string, terms int) (func() string, error) {
	switch name {
	case "":
		return nil, nil
	case workEcho:
		return func() string { return echo }, nil
	case workPI:
		return func() string { return fmt.Sprintf("π ≈ %.6f", pi(terms)) }, nil
	default:
		return nil, fmt.Errorf("WORKLOAD %q is not known, only %s and %s", name, workEcho, workPI)
	}
}

// pi sums up terms of Leibniz' series: work for the processor.
func pi(terms int) float64 {
	sum := 0.0
	for k := range terms {
		sum += math.Copysign(4/float64(2*k+1), float64(1-2*(k%2)))
	}
	return sum
}
