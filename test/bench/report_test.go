package main

import (
	"strings"
	"testing"
	"time"
)

func TestReportShowsMedianRangeAndAim(t *testing.T) {
	r := newReport()
	for _, value := range []time.Duration{4 * time.Second, 2 * time.Second, 9 * time.Second} {
		r.seconds("start", value, "under 5 s")
	}
	r.count("writes", 0, "0")
	r.mebibytes("memory", 3<<19, "")
	r.noise.milliseconds = []float64{10, 9, 12}

	var out strings.Builder
	if err := r.write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"start         4.0 s     2.0 – 9.0   3         under 5 s",
		"writes        0         0 – 0       1         0",
		"memory        1.5 MiB   1.5 – 1.5   1",
		"took 10.0 ms (median), from -10% to +20%",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestMedianOfAnEvenNumberIsTheMiddle(t *testing.T) {
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median = %v, want 2.5", got)
	}
}
