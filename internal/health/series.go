package health

import (
	"slices"
	"time"
)

// Sample is a value at one time.
type Sample struct {
	At    time.Time
	Value float64
}

// Series are samples of one measure of one object, oldest first. Gaps and values that are no numbers are allowed.
type Series []Sample

// History has the series of one object.
type History map[Measure]Series

const (
	// Window is the time over which each sample is taken: a rate, or a percentile of the requests in it.
	Window = 5 * time.Minute
	// windowSeconds is the same in seconds.
	windowSeconds = 300.0
	// Reach is how far around the same time of day samples of other days count.
	Reach = 30 * time.Minute
	// Days is how many days back samples count.
	Days = 7
	// fresh is how old the latest sample may be to count as of now.
	fresh = 2 * Window
	// skew is how far the clock of who took the samples may be ahead.
	skew = time.Minute
	// recent is what is not compared with when there is no seasonality: it is part of what is judged.
	recent = time.Hour

	day = 24 * time.Hour
)

// observed is the latest sample that is of about the time.
func (s Series) observed(at time.Time) (float64, bool) {
	for i := len(s) - 1; i >= 0; i-- {
		age := at.Sub(s[i].At)
		if age < -skew || !usable(s[i].Value) {
			continue
		}
		return s[i].Value, age <= fresh
	}
	return 0, false
}

// oldest is the age of the oldest usable sample.
func (s Series) oldest(at time.Time) time.Duration {
	i := slices.IndexFunc(s, func(sample Sample) bool { return usable(sample.Value) })
	if i < 0 {
		return 0
	}
	return at.Sub(s[i].At)
}

// sameTime returns the values around the same time of each day before, by day. Days without any are left out.
func (s Series) sameTime(r rule, at time.Time) [][]float64 {
	var days [][]float64
	for back := Days; back >= 1; back-- {
		center := at.Add(-time.Duration(back) * day)
		if values := s.between(r, center.Add(-Reach), center.Add(Reach)); len(values) > 0 {
			days = append(days, values)
		}
	}
	return days
}

// anyTime returns the values of the last days, by day, without the most recent ones.
func (s Series) anyTime(r rule, at time.Time) [][]float64 {
	var days [][]float64
	for back := Days; back >= 1; back-- {
		from, to := at.Add(-time.Duration(back)*day), at.Add(-time.Duration(back-1)*day)
		if back == 1 {
			to = at.Add(-recent)
		}
		if values := s.between(r, from, to); len(values) > 0 {
			days = append(days, values)
		}
	}
	return days
}

// between returns the values of a time in the form in which they are compared.
func (s Series) between(r rule, from, to time.Time) []float64 {
	start, _ := slices.BinarySearchFunc(s, from, func(sample Sample, t time.Time) int { return sample.At.Compare(t) })
	var values []float64
	for _, sample := range s[start:] {
		if sample.At.After(to) {
			break
		}
		if usable(sample.Value) {
			values = append(values, r.compared(sample.Value))
		}
	}
	return values
}
