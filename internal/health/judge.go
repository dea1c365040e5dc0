package health

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Verdict is what an object's behaviour is called.
type Verdict string

// The verdicts, worst first.
const (
	Critical         Verdict = "CRITICAL"
	Warning          Verdict = "WARNING"
	Healthy          Verdict = "HEALTHY"
	NotEnoughHistory Verdict = "NOT_ENOUGH_HISTORY"
	NoData           Verdict = "NO_DATA"
)

func (v Verdict) rank() int {
	return slices.Index([]Verdict{Critical, Warning, Healthy, NotEnoughHistory, NoData}, v)
}

// Compare sorts the worst first.
func (v Verdict) Compare(other Verdict) int { return cmp.Compare(v.rank(), other.rank()) }

const (
	// NoScore is the score of what could not be judged.
	NoScore = -1
	// warning and critical are the scores below which a verdict is given.
	warning, critical = 75, 40
	// mild is the least score of what is unusual but breaks nothing: it never leads to Critical.
	mild = critical
)

// Judgement is about one measure.
type Judgement struct {
	Measure Measure
	Verdict Verdict
	// Score is from 0 to 100, or NoScore.
	Score int
	// Observed is the value now; NaN without one.
	Observed float64
	// Low and High are what is expected; NaN without enough history.
	Low, High   float64
	Explanation string
}

// Report is about one object.
type Report struct {
	Verdict Verdict
	// Score is the lowest of its measures, from 0 to 100, or NoScore.
	Score int
	// Measures has the worst first.
	Measures []Judgement
}

// Observed are the values of an object's measures at one time.
type Observed map[Measure]float64

// Expected is what is expected of an object's measures at one time.
type Expected map[Measure]Expectation

// ExpectAll returns what is expected of an object at a time, from its past.
func ExpectAll(history History, at time.Time) Expected {
	expected := Expected{}
	for measure, series := range history {
		expected[measure] = Expect(measure, series, at)
	}
	return expected
}

// Judge judges an object at a time by its history.
func Judge(history History, at time.Time) Report {
	observed := Observed{}
	for measure, series := range history {
		if value, found := series.observed(at); found {
			observed[measure] = value
		}
	}
	return Compare(observed, ExpectAll(history, at))
}

// Compare judges what is observed by what is expected.
func Compare(observed Observed, expected Expected) Report {
	report := Report{Verdict: NoData, Score: NoScore}
	for _, measure := range Measures() {
		value, found := observed[measure]
		expectation := expected[measure]
		if (!found || !usable(value)) && expectation.Basis == NoHistory {
			continue // nothing is known of it at all
		}
		report.Measures = append(report.Measures, judge(measure, value, found && usable(value), expectation, observed))
	}
	slices.SortStableFunc(report.Measures, func(a, b Judgement) int { return cmp.Or(a.Verdict.Compare(b.Verdict), cmp.Compare(a.Score, b.Score)) })
	for _, j := range report.Measures {
		if j.Verdict.Compare(report.Verdict) < 0 {
			report.Verdict = j.Verdict
		}
		if j.Score != NoScore && (report.Score == NoScore || j.Score < report.Score) {
			report.Score = j.Score
		}
	}
	return report
}

// judge judges one measure.
func judge(measure Measure, value float64, found bool, e Expectation, all Observed) Judgement {
	r := measure.rule()
	j := Judgement{Measure: measure, Score: NoScore, Observed: math.NaN(), Low: math.NaN(), High: math.NaN()}
	if e.Basis != NoHistory {
		j.Low, j.High = e.Low, e.High
	}
	if !found {
		j.Verdict, j.Explanation = NoData, r.explain(NoData, j, e.Basis)
		return j
	}
	j.Observed = value
	requests, counted := all[Requests]
	switch {
	case e.Basis == NoHistory:
		j.Verdict, j.Explanation = NotEnoughHistory, r.explain(NotEnoughHistory, j, e.Basis)
		return j
	case counted && requests*windowSeconds < r.requests:
		j.Verdict, j.Explanation = NoData, "the "+r.name+" is not judged: there are too few requests"
		return j
	}
	if measure == ErrorRate && counted {
		value = atLeast(value, requests*windowSeconds)
	}
	j.Score = r.score(r.compared(value), e)
	switch {
	case j.Score < critical:
		j.Verdict = Critical
	case j.Score < warning:
		j.Verdict = Warning
	default:
		j.Verdict = Healthy
	}
	j.Explanation = r.explain(j.Verdict, j, e.Basis)
	return j
}

// score is 100 within the range, and falls with the distance from it.
func (r rule) score(compared float64, e Expectation) int {
	excess, worst := (compared-e.high)/e.tolerance, r.worst
	if r.low && compared < e.low {
		excess, worst = (e.low-compared)/e.tolerance, r.worstLow
	}
	if excess <= 0 {
		return 100
	}
	return max(worst, int(math.Round(100-50*excess)), 0)
}

const (
	// certainty is how many standard deviations a share of few requests may be off.
	certainty = 1.96
	// fewFailures is how many requests fail by chance now and then.
	fewFailures = 2.5
)

// atLeast is the share of failures that so many requests prove at least (Wilson's score interval).
func atLeast(share, requests float64) float64 {
	if share*requests < fewFailures {
		return 0
	}
	const z = certainty
	center := share + z*z/(2*requests)
	half := z * math.Sqrt(share*(1-share)/requests+z*z/(4*requests*requests))
	return max(0, (center-half)/(1+z*z/requests))
}
