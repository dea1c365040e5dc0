package health_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/health"
)

// noon of a day, counted from the first Monday.
func noon(days int) time.Time { return monday.Add(time.Duration(days)*day + 12*time.Hour) }

// The verdict for each thing that may happen to a service at noon of the second Thursday, after ten days of history.
func TestVerdicts(t *testing.T) {
	at := noon(10)
	since := func(age time.Duration) func(time.Time) bool {
		return func(t time.Time) bool { return !t.Before(at.Add(-age)) }
	}
	times := func(factor float64, measures ...health.Measure) func(health.Observed) {
		return func(values health.Observed) {
			for _, measure := range measures {
				values[measure] *= factor
			}
		}
	}
	for _, c := range []struct {
		name    string
		when    func(time.Time) bool
		what    func(health.Observed)
		verdict health.Verdict
		lowered []health.Measure
	}{
		{"nothing unusual", since(0), func(health.Observed) {}, health.Healthy, nil},
		{"latency twice as high for ten minutes", since(10 * time.Minute), times(2, health.P50, health.P95, health.P99), health.Warning, []health.Measure{health.P50, health.P95}},
		{"latency five times as high", since(time.Hour), times(5, health.P50, health.P95, health.P99), health.Critical, []health.Measure{health.P50, health.P95, health.P99}},
		{"latency twice as high for a week", since(week), times(2, health.P50, health.P95, health.P99), health.Healthy, nil},
		{"faster than ever", since(time.Hour), times(0.3, health.P50, health.P95, health.P99), health.Healthy, nil},
		{"a tenth of the requests fails", since(5 * time.Minute), func(v health.Observed) { v[health.ErrorRate] = 0.1 }, health.Critical, []health.Measure{health.ErrorRate}},
		{"2 % of the requests fail", since(5 * time.Minute), func(v health.Observed) { v[health.ErrorRate] = 0.02 }, health.Warning, []health.Measure{health.ErrorRate}},
		{"no traffic any more", since(5 * time.Minute), func(v health.Observed) {
			v[health.Requests] = 0
			delete(v, health.ErrorRate)
		}, health.Critical, []health.Measure{health.Requests}},
		{"less traffic than on a weekend", since(5 * time.Minute), times(0.15, health.Requests), health.Warning, []health.Measure{health.Requests}},
		{"ten times the traffic", since(5 * time.Minute), times(10, health.Requests), health.Warning, []health.Measure{health.Requests}},
		{"memory twice as high", since(5 * time.Minute), times(2, health.Memory), health.Warning, []health.Measure{health.Memory}},
		{"CPU held back half of the time", since(5 * time.Minute), func(v health.Observed) { v[health.CPUThrottled] = 0.5 }, health.Warning, []health.Measure{health.CPUThrottled}},
		{"a deploy: CPU and memory of two versions", since(5 * time.Minute), times(1.25, health.CPU, health.Memory), health.Healthy, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			history := newService(7, 40, 0.001).history(noon(10).Sub(monday)+step, func(at time.Time, values health.Observed) {
				if c.when(at) {
					c.what(values)
				}
			})
			report := health.Judge(history, at)
			if report.Verdict != c.verdict {
				t.Errorf("verdict %s, score %d, want %s: %+v", report.Verdict, report.Score, c.verdict, report.Measures)
			}
			var lowered []health.Measure
			for _, j := range report.Measures {
				if j.Verdict == health.Warning || j.Verdict == health.Critical {
					lowered = append(lowered, j.Measure)
				}
			}
			slices.Sort(lowered)
			slices.Sort(c.lowered)
			for _, measure := range c.lowered {
				if !slices.Contains(lowered, measure) {
					t.Errorf("%s is not among %v", measure, lowered)
				}
			}
			if c.lowered == nil && lowered != nil {
				t.Errorf("lowered by %v", lowered)
			}
		})
	}
}

// What drifts slowly becomes normal on the way; what drifts within hours does not.
func TestSlowDriftIsNormalAndFastDriftIsNot(t *testing.T) {
	drifting := func(aDay float64, from time.Time) func(time.Time, health.Observed) {
		return func(at time.Time, values health.Observed) {
			if age := at.Sub(from); age > 0 {
				factor := math.Pow(1+aDay, age.Hours()/24)
				values[health.P50], values[health.P95], values[health.P99] = values[health.P50]*factor, values[health.P95]*factor, values[health.P99]*factor
			}
		}
	}
	length := 14 * day
	at := monday.Add(length - step)
	if slow := health.Judge(newService(3, 40, 0.001).history(length, drifting(0.02, monday)), at); slow.Verdict != health.Healthy {
		t.Errorf("2 %% a day: %+v", slow)
	}
	if fast := health.Judge(newService(3, 40, 0.001).history(length, drifting(30, at.Add(-8*time.Hour))), at); fast.Verdict == health.Healthy {
		t.Errorf("three times within eight hours: %+v", fast)
	}
}

func TestWithoutEnoughHistoryThereIsNoVerdict(t *testing.T) {
	for _, c := range []struct {
		age  time.Duration
		want health.Verdict
	}{
		{10 * time.Minute, health.NotEnoughHistory}, {20 * time.Hour, health.NotEnoughHistory},
		{26 * time.Hour, health.Healthy}, {5 * day, health.Healthy}, {8 * day, health.Healthy},
	} {
		report := health.Judge(newService(5, 40, 0.001).history(c.age, nil), monday.Add(c.age-step))
		if report.Verdict != c.want || (report.Score == health.NoScore) != (c.want == health.NotEnoughHistory) {
			t.Errorf("after %s: %s, score %d, want %s: %+v", c.age, report.Verdict, report.Score, c.want, report.Measures)
		}
	}
	if report := health.Judge(health.History{}, monday); report.Verdict != health.NoData || report.Score != health.NoScore {
		t.Errorf("without series: %+v", report)
	}
}

// A service of two days is judged without the rhythm of the day: what is far outside of both days is found.
func TestAStepIsFoundAfterTwoDays(t *testing.T) {
	history := newService(5, 40, 0.001).history(2*day+step, func(at time.Time, values health.Observed) {
		if !at.Before(monday.Add(2 * day)) {
			values[health.P95] *= 6
		}
	})
	if report := health.Judge(history, monday.Add(2*day)); report.Verdict != health.Critical {
		t.Errorf("%+v", report)
	}
}

// Values that are no numbers, gaps, doubled samples and clocks that differ change nothing.
func TestSpoiltSeries(t *testing.T) {
	at := noon(9)
	clean := newService(11, 40, 0.001).history(at.Sub(monday)+step, nil)
	want := health.Judge(clean, at)
	for name, spoil := range map[string]func(i int, s health.Sample) []health.Sample{
		"NaN between": func(_ int, s health.Sample) []health.Sample { return []health.Sample{s, {At: s.At, Value: math.NaN()}} },
		"infinite between": func(_ int, s health.Sample) []health.Sample {
			return []health.Sample{s, {At: s.At, Value: math.Inf(1)}}
		},
		"negative between": func(_ int, s health.Sample) []health.Sample { return []health.Sample{s, {At: s.At, Value: -1}} },
		"a clock 30 s ahead": func(_ int, s health.Sample) []health.Sample {
			return []health.Sample{{At: s.At.Add(30 * time.Second), Value: s.Value}}
		},
		"a third of it missing": func(i int, s health.Sample) []health.Sample { return map[bool][]health.Sample{false: {s}}[i%3 == 1] },
	} {
		history := health.History{}
		for measure, series := range clean {
			for i, sample := range series {
				history[measure] = append(history[measure], spoil(i, sample)...)
			}
		}
		if got := health.Judge(history, at); got.Verdict != want.Verdict {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	future := health.History{health.P95: {{At: at.Add(time.Hour), Value: 99}}}
	if got := health.Judge(future, at); got.Verdict != health.NoData {
		t.Errorf("samples of a later time: %+v", got)
	}
	stale := health.Judge(clean, at.Add(time.Hour))
	if stale.Verdict != health.NoData {
		t.Errorf("an hour after the last sample: %+v", stale)
	}
}

// Series without any variation are no traps, and those without any traffic are healthy.
func TestConstantSeries(t *testing.T) {
	at := noon(8)
	constant := func(now health.Observed, always health.Observed) health.History {
		history := health.History{}
		for moment := monday; !moment.After(at); moment = moment.Add(step) {
			values := always
			if moment.Equal(at) {
				values = now
			}
			for measure, value := range values {
				history[measure] = append(history[measure], health.Sample{At: moment, Value: value})
			}
		}
		return history
	}
	usual := health.Observed{health.Requests: 10, health.P95: 0.1, health.ErrorRate: 0, health.Memory: 1e9}
	for _, c := range []struct {
		name        string
		now, always health.Observed
		want        health.Verdict
	}{
		{"a little more", health.Observed{health.Requests: 12, health.P95: 0.12, health.ErrorRate: 0.003, health.Memory: 1.1e9}, usual, health.Healthy},
		{"much slower", health.Observed{health.Requests: 10, health.P95: 1}, usual, health.Critical},
		{"no traffic ever", health.Observed{health.Requests: 0}, health.Observed{health.Requests: 0}, health.Healthy},
		{"the first request fails", health.Observed{health.Requests: 1.0 / 300, health.ErrorRate: 1}, health.Observed{health.Requests: 0, health.ErrorRate: 0}, health.Healthy},
	} {
		if got := health.Judge(constant(c.now, c.always), at); got.Verdict != c.want {
			t.Errorf("%s: %+v, want %s", c.name, got, c.want)
		}
	}
}

func TestExplanations(t *testing.T) {
	expected := health.Expected{
		health.P95: {Basis: health.TimeOfDay, Low: 0.09, High: 0.21}, health.Memory: {Basis: health.AnyTime, High: 3 << 30},
	}
	var got []string
	for _, j := range health.Compare(health.Observed{health.P95: 0.48, health.Memory: 1 << 30, health.CPU: 0.123456}, expected).Measures {
		got = append(got, j.Explanation)
	}
	slices.Sort(got)
	want := []string{
		"the CPU usage is 0.123 cores; there is less than a day to compare it with",
		"the P95 latency is 480 ms; at most 210 ms is expected at this time of day",
		"the memory usage is 1 GiB; at most 3 GiB is expected",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Ordinary traffic raises an alarm in less than one of 200 minutes, whatever the size of the service.
func TestFalseAlarmsAreRare(t *testing.T) {
	rates := []float64{0.01, 0.3, 5, 60, 2000}
	if testing.Short() {
		rates = rates[1:2] // a sample: two weeks are 4,032 judgements of each
	}
	for i, rate := range rates {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			history := newService(uint64(20+i), rate, 0.002).history(3*week, nil)
			total, alarms := 0, map[string]int{}
			count := 0
			for at := monday.Add(week); at.Before(monday.Add(3 * week)); at = at.Add(step) {
				report := health.Judge(history, at)
				total++
				if report.Verdict == health.Warning || report.Verdict == health.Critical {
					count++
					alarms[string(report.Measures[0].Measure)]++
				}
			}
			if float64(count) >= 0.005*float64(total) {
				t.Errorf("%d false alarms of %d: %v", count, total, alarms)
			}
		})
	}
}

// Every score has an explanation, and no input makes a report that cannot be shown.
func FuzzReportsCanBeShown(f *testing.F) {
	f.Add(1.0, 2.0, uint16(200), int64(0))
	f.Add(math.NaN(), math.Inf(1), uint16(5000), int64(-1))
	f.Fuzz(func(t *testing.T, first, second float64, count uint16, shift int64) {
		history := health.History{}
		for _, measure := range health.Measures() {
			for i := range int(count) {
				value := first
				if i%3 == 0 {
					value = second
				}
				history[measure] = append(history[measure], health.Sample{At: monday.Add(time.Duration(i) * step), Value: value})
			}
		}
		report := health.Judge(history, monday.Add(time.Duration(count)*step+time.Duration(shift)))
		for _, j := range report.Measures {
			if j.Score < health.NoScore || j.Score > 100 || j.Explanation == "" || strings.Contains(j.Explanation, "NaN") {
				t.Errorf("%+v", j)
			}
		}
	})
}

// 3,000 workloads with all measures are judged in less than a second.
func BenchmarkJudge3000(b *testing.B) {
	const workloads = 3000
	at := monday.Add(2*week - step)
	full := newService(1, 40, 0.001).history(2*week, nil)
	// What is asked for: the time of day on each day before, in steps of ten minutes, and the last day.
	asked := health.History{}
	for measure, series := range full {
		for i, sample := range series {
			offset := at.Sub(sample.At) % day
			if near := offset < health.Reach || day-offset < health.Reach; i%2 == 0 && near && at.Sub(sample.At) < week+day {
				asked[measure] = append(asked[measure], sample)
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for range workloads {
			if health.Judge(asked, at).Verdict == health.NoData {
				b.Fatal("nothing was judged")
			}
		}
	}
}
