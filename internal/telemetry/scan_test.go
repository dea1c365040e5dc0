package telemetry

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// reference reads the labels of a vector's elements with the standard library, by exact names.
func reference(text string) (labels []map[string]string, err error) {
	var said, data map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &said); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(said["data"], &data); err != nil {
		return nil, err
	}
	var elements []map[string]json.RawMessage
	if err := json.Unmarshal(data["result"], &elements); err != nil {
		return nil, err
	}
	for _, element := range elements {
		var metric map[string]string
		if metrics, found := element["metric"]; found {
			if err := json.Unmarshal(metrics, &metric); err != nil {
				return nil, err
			}
		}
		labels = append(labels, metric)
	}
	return labels, nil
}

// FuzzDecode: whatever a backend answers, there is no panic, and what is read is what the standard library reads.
func FuzzDecode(f *testing.F) {
	for _, result := range []string{
		``, `{"metric":{},"value":[1.5,"2"]}`, `{"metric":{"a":"b\"c\\","ü":"\u00fc"},"value":[1,"1e3"]} , {"metric":{"a":"b"},"value":[1,"+Inf"],"more":{"x":[1,null,true,"y"]}}`,
		`{"metric":{"a":1},"value":[1,"2"]}`, `{"value":["1","2"]}`, `{"metric":{"a":"b"}`,
	} {
		f.Add(`{"status":"success","data":{"resultType":"vector","result":[` + result + `]}}`)
	}
	f.Add(strings.Repeat("[", 1000))
	f.Fuzz(func(t *testing.T, text string) {
		series, err := decode(strings.NewReader(text), "vector")
		if err != nil {
			return
		}
		var got []map[string]string
		for _, s := range series {
			got = append(got, s.labels)
		}
		want, err := reference(text)
		twice := func(name string) bool { return strings.Count(text, name) > 1 } // of which either may count
		if err != nil || !utf8.ValidString(text) || twice("data") || twice("result\"") {
			return
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-standard library +read):\n%s", diff)
		}
	})
}

// What has no elements may be null, and may come before the status.
func TestDecodeReadsNull(t *testing.T) {
	series, err := decode(strings.NewReader(`{"data":{"result":null,"resultType":"matrix"},"status":"success"}`), "matrix")
	if err != nil || len(series) > 0 {
		t.Errorf("%v, %v", series, err)
	}
}

func TestDecodeReadsEscapesAndUnknownFields(t *testing.T) {
	text := `{"status":"success","warnings":["w"],"data":{"resultType":"vector","stats":{"a":[1,{"b":null}]},"result":[
		{"metric":{"path":"C:\\\"x\"","city":"Z\u00fcrich"},"value":[1.5,"-2.5"],"histogram":{}}]}}`
	got, err := decode(strings.NewReader(text), "vector")
	if err != nil {
		t.Fatal(err)
	}
	want := []series{{labels: map[string]string{"path": `C:\"x"`, "city": "Zürich"}, value: pair{1.5, -2.5}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(series{}, pair{})); diff != "" {
		t.Error(diff)
	}
}
