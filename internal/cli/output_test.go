package cli

import (
	"bytes"
	"testing"
)

func TestPrintFollowsTheOutputFormat(t *testing.T) {
	type cluster struct {
		Name  string `json:"name"`
		Ready bool   `json:"ready"`
	}
	result := []cluster{{"c1", true}, {"cluster-2", false}}
	table := Table{Columns: []string{"NAME", "READY", "ERROR"}}
	table.Add("c1", true, "")
	table.Add("cluster-2", false, "no answer")

	tests := map[Format]string{
		FormatTable: "NAME        READY   ERROR\nc1          true    -\ncluster-2   false   no answer\n",
		FormatJSON:  "[\n  {\n    \"name\": \"c1\",\n    \"ready\": true\n  },\n  {\n    \"name\": \"cluster-2\",\n    \"ready\": false\n  }\n]\n",
		FormatYAML:  "- name: c1\n  ready: true\n- name: cluster-2\n  ready: false\n",
	}
	for format, want := range tests {
		t.Run(string(format), func(t *testing.T) {
			var out bytes.Buffer
			app := &App{Out: &out, Output: format}
			if err := app.Print(result, table); err != nil {
				t.Fatal(err)
			}
			if out.String() != want {
				t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
			}
		})
	}
}
