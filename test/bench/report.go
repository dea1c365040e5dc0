package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// report collects measurements in the order in which they are first seen.
type report struct {
	order  []string
	values map[string][]float64
	units  map[string]unit
	noise  noise
}

// unit says how a value is printed, and what it should stay below, or above where more is better.
type unit struct {
	name string
	aim  string
}

func newReport() *report {
	return &report{values: map[string][]float64{}, units: map[string]unit{}}
}

func (r *report) add(name string, value float64, u unit) {
	if _, known := r.units[name]; !known {
		r.order = append(r.order, name)
		r.units[name] = u
	}
	r.values[name] = append(r.values[name], value)
}

func (r *report) seconds(name string, d time.Duration, aim string) {
	r.add(name, d.Seconds(), unit{"s", aim})
}

func (r *report) milliseconds(name string, d time.Duration, aim string) {
	r.add(name, float64(d.Microseconds())/1000, unit{"ms", aim})
}

func (r *report) mebibytes(name string, bytes uint64, aim string) {
	r.add(name, float64(bytes)/(1<<20), unit{"MiB", aim})
}

func (r *report) count(name string, value float64, aim string) {
	r.add(name, value, unit{"", aim})
}

// write prints one line for each measurement: the median, the range it comes from, and the aim.
func (r *report) write(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "MEASUREMENT\tMEDIAN\tRANGE\tSAMPLES\tAIM")
	for _, name := range r.order {
		values, u := r.values[name], r.units[name]
		fmt.Fprintf(table, "%s\t%s\t%s – %s\t%d\t%s\n", name, u.format(median(values)),
			u.number(slices.Min(values)), u.number(slices.Max(values)), len(values), u.aim)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s\n", r.noise)
	return err
}

func (u unit) number(value float64) string {
	if value == float64(int(value)) && u.name != "s" && u.name != "ms" {
		return fmt.Sprintf("%.0f", value)
	}
	return fmt.Sprintf("%.1f", value)
}

func (u unit) format(value float64) string {
	if u.name == "" {
		return u.number(value)
	}
	return u.number(value) + " " + u.name
}

// median of values, which must not be empty.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
