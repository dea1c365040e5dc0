package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
			if value := float64(s.Value.Value); !math.IsNaN(value) {
				found = append(found, Value{s.Metric, value})
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
			line := Line{Labels: s.Metric, Points: make([]Point, 0, len(s.Values))}
			for _, point := range s.Values {
				if value := float64(point.Value); !math.IsNaN(value) {
					line.Points = append(line.Points, Point{point.time(), value})
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

// series is one element of an answer.
type series struct {
	Metric map[string]string `json:"metric"`
	Value  pair              `json:"value"`
	Values []pair            `json:"values"`
}

// decode reads an answer whose result must be of the type.
func decode(body io.Reader, resultType string) ([]series, error) {
	var answer struct {
		Status    string `json:"status"`
		Error     string `json:"error"`
		IsPartial bool   `json:"isPartial"` // of VictoriaMetrics, when some of its storage is down
		Data      struct {
			ResultType string          `json:"resultType"`
			Result     json.RawMessage `json:"result"`
		} `json:"data"`
	}
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		if syntax := new(json.SyntaxError); errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("its answer is no JSON of Prometheus' API")
		}
		return nil, err
	}
	switch {
	case answer.Status == "error":
		return nil, fmt.Errorf("%w: %s", ErrRefused, answer.Error)
	case answer.Status != "success" || answer.Data.ResultType != resultType:
		return nil, fmt.Errorf("its answer is no %s of Prometheus' API", resultType)
	case answer.IsPartial:
		return nil, errors.New("a part of its storage does not answer")
	}
	var found []series
	if err := json.Unmarshal(answer.Data.Result, &found); err != nil {
		return nil, fmt.Errorf("its answer is no %s of Prometheus' API", resultType)
	}
	return found, nil
}

// pair is [seconds since 1970, "value"].
type pair struct {
	Seconds float64
	Value   float64
}

func (p pair) time() time.Time { return time.UnixMilli(int64(math.Round(p.Seconds * 1000))).UTC() }

// UnmarshalJSON reads a pair.
func (p *pair) UnmarshalJSON(text []byte) error {
	var value string
	if err := json.Unmarshal(text, &[2]any{&p.Seconds, &value}); err != nil {
		return err
	}
	var err error
	p.Value, err = strconv.ParseFloat(value, 64)
	return err
}
