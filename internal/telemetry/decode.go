package telemetry

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// series is one element of an answer.
type series struct {
	labels map[string]string
	value  pair
	values []pair
}

// pair is [seconds since 1970, "value"].
type pair struct{ seconds, value float64 }

// answer is what Prometheus' API says.
type answer struct {
	status, problem, resultType string
	partial                     bool // of VictoriaMetrics, when some of its storage is down
	series                      []series
}

// decode reads an answer whose result must be of the type.
func decode(body io.Reader, resultType string) ([]series, error) {
	content, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	d := decoder{scanner{json: content}, map[string]string{}}
	said := d.answer()
	switch {
	case said.status == "error":
		return nil, fmt.Errorf("%w: %s", ErrRefused, said.problem)
	case said.status == "" && d.err != nil:
		return nil, errors.New("its answer is no JSON of Prometheus' API")
	case said.status != "success" || said.resultType != resultType || d.err != nil:
		return nil, fmt.Errorf("its answer is no %s of Prometheus' API", resultType)
	case said.partial:
		return nil, errors.New("a part of its storage does not answer")
	}
	return said.series, nil
}

// decoder reads the parts of an answer. Answers of a large mesh have tens of megabytes, most of them the same few texts
// again and again, so it keeps each text once.
type decoder struct {
	scanner
	texts map[string]string
}

func (d *decoder) answer() (said answer) {
	d.fields(func(name []byte) {
		switch string(name) {
		case "status":
			said.status = d.kept()
		case "error":
			said.problem = d.kept()
		case "isPartial":
			said.partial = string(d.word()) == "true"
		case "data":
			d.fields(func(name []byte) {
				switch string(name) {
				case "resultType":
					said.resultType = d.kept()
				case "result":
					d.elements(func() { said.series = append(said.series, d.series()) })
				default:
					d.skip()
				}
			})
		default:
			d.skip()
		}
	})
	return said
}

func (d *decoder) series() (s series) {
	d.fields(func(name []byte) {
		switch string(name) {
		case "metric":
			s.labels = make(map[string]string, 24) // Istio's requests have that many
			d.fields(func(name []byte) {
				label := d.keep(name)
				s.labels[label] = d.kept()
			})
		case "value":
			s.value = d.pair()
		case "values":
			d.elements(func() { s.values = append(s.values, d.pair()) })
		default:
			d.skip()
		}
	})
	return s
}

func (d *decoder) pair() (p pair) {
	d.take('[')
	p.seconds = d.number()
	d.take(',')
	value, err := strconv.ParseFloat(string(d.text()), 64)
	if err != nil {
		d.fail()
	}
	p.value = value
	d.take(']')
	return p
}

// kept reads a string that lasts.
func (d *decoder) kept() string { return d.keep(d.text()) }

func (d *decoder) keep(text []byte) string {
	if known, found := d.texts[string(text)]; found {
		return known
	}
	kept := string(text)
	d.texts[kept] = kept
	return kept
}
