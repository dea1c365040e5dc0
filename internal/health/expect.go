package health

import (
	"math"
	"slices"
	"time"
)

// Basis says what an expectation rests on.
type Basis string

// The bases.
const (
	NoHistory Basis = ""       // there is less than a day to compare with
	AnyTime   Basis = "days"   // the last days, at any time of day: there is less than a week
	TimeOfDay Basis = "season" // the same time of day, on the days of the last week
)

// Expectation is the range in which a measure of an object is expected.
type Expectation struct {
	Basis Basis
	// Low and High are the range.
	Low, High float64

	low, high float64 // the same in the form in which values are compared
	tolerance float64 // how far outside of the range half of the score is lost
}

const (
	// lowest and highest are the quantiles between which values are usual. Weekends are two of seven days: what is
	// usual on them is within.
	lowest, highest = 0.15, 0.85
	// margin is how many standard deviations the range is wider than that; tolerated is the same for the tolerance.
	margin, tolerated = 2.0, 2.0
	// perMAD makes a standard deviation of the median of absolute deviations of normally distributed values.
	perMAD = 1.4826
	// fewest is the least number of samples that an expectation rests on.
	fewest = 12
)

// Expect returns what is expected of a measure at a time, from its past.
func Expect(measure Measure, past Series, at time.Time) Expectation {
	r := measure.rule()
	switch age := past.oldest(at); {
	case age >= Days*day-Reach:
		if e := expectation(TimeOfDay, r, past.sameTime(r, at)); e.Basis != NoHistory {
			return e
		}
		return expectation(AnyTime, r, past.anyTime(r, at)) // it was seldom there at this time of day
	case age >= day:
		return expectation(AnyTime, r, past.anyTime(r, at))
	}
	return Expectation{}
}

// expectation computes the range from the values of each day.
func expectation(basis Basis, r rule, days [][]float64) Expectation {
	all := slices.Concat(days...)
	if len(all) < fewest {
		return Expectation{}
	}
	slices.Sort(all)
	spread := spreadOf(basis, days, all)
	wider := max(margin*spread, math.Log(r.slack))
	e := Expectation{
		Basis: basis, low: quantile(all, lowest) - wider, high: quantile(all, highest) + wider, tolerance: max(tolerated*spread, math.Log(r.half)),
	}
	e.Low, e.High = r.value(e.low), r.value(e.high)
	return e
}

// spreadOf is a robust standard deviation. With seasonality, it is that within each day and that of one day to the others,
// so that the difference of weekdays and weekends, which the quantiles cover, does not count. Without it, the rhythm of
// the day is part of what is usual.
func spreadOf(basis Basis, days [][]float64, all []float64) float64 {
	if basis == AnyTime {
		return deviation(all)
	}
	var within, medians []float64
	for _, values := range days {
		slices.Sort(values)
		center := quantile(values, 0.5)
		medians = append(medians, center)
		for _, value := range values {
			within = append(within, math.Abs(value-center))
		}
	}
	slices.Sort(within)
	slices.Sort(medians)
	return math.Hypot(perMAD*quantile(within, 0.5), deviation(medians))
}

// deviation is the standard deviation of sorted values by the median of their distances from their median.
func deviation(sorted []float64) float64 {
	center := quantile(sorted, 0.5)
	distances := make([]float64, len(sorted))
	for i, value := range sorted {
		distances[i] = math.Abs(value - center)
	}
	slices.Sort(distances)
	return perMAD * quantile(distances, 0.5)
}

// quantile interpolates between sorted values.
func quantile(sorted []float64, q float64) float64 {
	position := q * float64(len(sorted)-1)
	below := int(position)
	if below+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[below] + (position-float64(below))*(sorted[below+1]-sorted[below])
}
