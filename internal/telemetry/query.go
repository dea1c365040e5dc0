package telemetry

import (
	"context"
	"io"
	"math"
	"net/url"
	"strconv"
	"time"
)

// Value is one element of an instant vector.
type Value struct {
	Labels map[string]string
	Value  float64
}

// Line is one element of a range vector.
type Line struct {
	Labels map[string]string
	Points []Point
}

// Point is a value at an instant.
type Point struct {
	Time  time.Time
	Value float64
}

// Query evaluates an expression at an instant. Values that are no numbers are left out.
func (c *Client) Query(ctx context.Context, expression string, at time.Time) ([]Value, error) {
	values := url.Values{"query": {expression}, "time": {stamp(at)}}
	var found []Value
	err := c.ask(ctx, "api/v1/query", values, func(body io.Reader) error {
		series, err := decode(body, "vector")
		if err != nil {
			return err
		}
		found = make([]Value, 0, len(series))
		for _, s := range series {
			if value := s.value.value; !math.IsNaN(value) {
				found = append(found, Value{s.labels, value})
			}
		}
		return nil
	})
	return found, err
}

// Range evaluates an expression at instants that lie a step apart. Values that are no numbers are left out.
func (c *Client) Range(ctx context.Context, expression string, from, to time.Time, step time.Duration) ([]Line, error) {
	values := url.Values{
		"query": {expression}, "start": {stamp(from)}, "end": {stamp(to)},
		"step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	}
	var lines []Line
	err := c.ask(ctx, "api/v1/query_range", values, func(body io.Reader) error {
		series, err := decode(body, "matrix")
		if err != nil {
			return err
		}
		lines = make([]Line, 0, len(series))
		for _, s := range series {
			line := Line{Labels: s.labels, Points: make([]Point, 0, len(s.values))}
			for _, point := range s.values {
				if value := point.value; !math.IsNaN(value) {
					line.Points = append(line.Points, Point{instant(point.seconds), value})
				}
			}
			lines = append(lines, line)
		}
		return nil
	})
	return lines, err
}

func stamp(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
}

func instant(seconds float64) time.Time {
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
}
