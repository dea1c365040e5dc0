package request

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReadsTheDocumentedForms(t *testing.T) {
	tests := map[string]struct {
		list string
		want []Request
	}{
		"empty list": {" \n", nil},
		"documented list": {
			"http://analytics:8080/#1 http://payments:8080/#2",
			[]Request{
				{Protocol: HTTP, Host: "analytics", Port: "8080", Path: "/", Count: 1},
				{Protocol: HTTP, Host: "payments", Port: "8080", Path: "/", Count: 2},
			},
		},
		"external HTTP without port": {
			"http://httpbin.org/get?a=b#1",
			[]Request{{Protocol: HTTP, Host: "httpbin.org", Port: "80", Path: "/get?a=b", Count: 1}},
		},
		"HTTPS": {"https://example.com", []Request{{Protocol: HTTPS, Host: "example.com", Port: "443", Path: "/", Count: 1}}},
		"gRPC": {
			"grpc://movies:8082/#3 grpc://movies:8082/allspark/Incoming",
			[]Request{
				{Protocol: GRPC, Host: "movies", Port: "8082", Count: 3},
				{Protocol: GRPC, Host: "movies", Port: "8082", Path: "/allspark/Incoming", Count: 1},
			},
		},
		"TCP": {
			"tcp://postgresql:5432#2 tcp://[::1]:3306?size=10",
			[]Request{
				{Protocol: TCP, Host: "postgresql", Port: "5432", Count: 2, Size: DefaultSize},
				{Protocol: TCP, Host: "::1", Port: "3306", Count: 1, Size: 10},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(test.list)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for list, want := range map[string]string{
		"kafka-produce://k:29092/t?message=m#1": "only http, https, grpc, tcp",
		"movies:8080":                           "not supported",
		"http://:8080/":                         "no valid host name",
		"grpc://movies":                         "no port",
		"tcp://movies:0":                        "between 1 and 65535",
		"http://movies:8080/#0":                 "count \"0\"",
		"http://movies:8080/#1001":              "between 1 and 1000",
		"http://movies:8080/#x":                 "count \"x\"",
		"grpc://movies:8082/only":               "/service/method",
		"tcp://movies:8083?size=-1":             "size \"-1\"",
		"http://user:secret@movies:8080/":       "credentials",
	} {
		_, err := Parse(list)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): error %v, want one with %q", list, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("Parse(%q): error %v shows a password", list, err)
		}
	}
}

// Whatever Parse accepts must be within the limits and survive being written and read again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"http://analytics:8080/#1 http://payments:8080/#1", "grpc://movies:8082/allspark/Incoming#3",
		"tcp://postgresql:5432?size=4096#2", "https://[::1]/a%20b?c=d#7", "http://a:1/%zz", "tcp://a:1/x?size=1;2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		requests, err := Parse(list)
		if err != nil {
			return
		}
		var written []string
		for _, r := range requests {
			if r.Count < 1 || r.Count > MaxCount || r.Size < 0 || r.Size > MaxSize || r.Host == "" || r.Port == "" {
				t.Fatalf("Parse(%q) accepted %+v", list, r)
			}
			written = append(written, r.String())
		}
		again, err := Parse(strings.Join(written, " "))
		if err != nil {
			t.Fatalf("%q was written as %q: %v", list, written, err)
		}
		if diff := cmp.Diff(requests, again); diff != "" {
			t.Fatalf("%q was written as %q:\n%s", list, written, diff)
		}
	})
}
