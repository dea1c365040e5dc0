package health

import (
	"fmt"
	"math"
	"strconv"
)

// explain is one sentence for people.
func (r rule) explain(verdict Verdict, j Judgement, basis Basis) string {
	switch verdict {
	case NoData:
		return "the " + r.name + " is not reported at the moment"
	case NotEnoughHistory:
		return fmt.Sprintf("the %s is %s; there is less than a day to compare it with", r.name, r.print(j.Observed))
	}
	expected := "at most " + r.print(j.High)
	if r.low {
		expected = r.print(j.Low) + " to " + r.print(j.High)
	}
	when := " at this time of day"
	if basis == AnyTime {
		when = ""
	}
	return fmt.Sprintf("the %s is %s; %s is expected%s", r.name, r.print(j.Observed), expected, when)
}

// print writes a value with three digits and a unit that suits it.
func (r rule) print(value float64) string {
	switch r.unit {
	case "s":
		if value < 1 {
			return digits(value*1000) + " ms"
		}
		return digits(value) + " s"
	case "1":
		return digits(value*100) + " %"
	case "B":
		for _, unit := range []struct {
			name string
			size float64
		}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
			if value >= unit.size {
				return digits(value/unit.size) + " " + unit.name
			}
		}
		return digits(value) + " B"
	case "1/s":
		return digits(value) + " requests/s"
	}
	return digits(value) + " " + r.unit
}

func digits(value float64) string {
	if value >= 100 {
		return strconv.FormatFloat(math.Round(value), 'f', 0, 64)
	}
	return strconv.FormatFloat(value, 'g', 3, 64)
}
