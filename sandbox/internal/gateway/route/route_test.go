package route

import (
	"net/http"
	"net/http/httptest"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

func config(t *testing.T, text string) *routev3.RouteConfiguration {
	t.Helper()
	var c routev3.RouteConfiguration
	if err := protojson.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

func TestFind(t *testing.T) {
	routes := config(t, `{"ignorePortInHostMatching": true, "virtualHosts": [
		{"name": "any", "domains": ["*"], "routes": [{"name": "any", "match": {"prefix": "/"}}]},
		{"name": "suffix", "domains": ["*.example.org"], "routes": [{"name": "suffix", "match": {"prefix": "/"}}]},
		{"name": "longer", "domains": ["*.a.example.org"], "routes": [{"name": "longer", "match": {"prefix": "/"}}]},
		{"name": "prefix", "domains": ["shop.*"], "routes": [{"name": "prefix", "match": {"prefix": "/"}}]},
		{"name": "exact", "domains": ["shop.example.org"], "routes": [
			{"name": "path", "match": {"path": "/exact"}},
			{"name": "header", "match": {"prefix": "/", "headers": [{"name": "x-user", "stringMatch": {"exact": "jason"}}]}},
			{"name": "inverted", "match": {"prefix": "/not", "headers": [{"name": ":method", "stringMatch": {"exact": "GET"}, "invertMatch": true}]}},
			{"name": "query", "match": {"prefix": "/", "queryParameters": [{"name": "v", "stringMatch": {"prefix": "2"}}]}},
			{"name": "separated", "match": {"pathSeparatedPrefix": "/api"}},
			{"name": "regex", "match": {"safeRegex": {"regex": "/v[0-9]+"}}},
			{"name": "folded", "match": {"prefix": "/Folded", "caseSensitive": false}}
		]}
	]}`)
	for name, test := range map[string]struct {
		method, url, user, want string
	}{
		"any host":              {url: "http://other/", want: "any"},
		"a suffix":              {url: "http://x.example.org/", want: "suffix"},
		"a longer suffix":       {url: "http://x.a.example.org/", want: "longer"},
		"no empty suffix":       {url: "http://.example.com/", want: "any"},
		"a prefix":              {url: "http://shop.example.com/", want: "prefix"},
		"a port does not count": {url: "http://Shop.example.org:8080/exact", want: "path"},
		"a longer path":         {url: "http://shop.example.org/exact/1", want: ""},
		"a header":              {url: "http://shop.example.org/x", user: "jason", want: "header"},
		"another header":        {url: "http://shop.example.org/x", user: "mary", want: ""},
		"an inverted condition": {method: http.MethodPost, url: "http://shop.example.org/not", want: "inverted"},
		"what it excludes":      {url: "http://shop.example.org/not", want: ""},
		"a query":               {url: "http://shop.example.org/x?v=21", want: "query"},
		"a separated prefix":    {url: "http://shop.example.org/api/x", want: "separated"},
		"not separated":         {url: "http://shop.example.org/apis", want: ""},
		"a whole expression":    {url: "http://shop.example.org/v12", want: "regex"},
		"not all of it":         {url: "http://shop.example.org/v12/x", want: ""},
		"no case":               {url: "http://shop.example.org/folDed/x", want: "folded"},
	} {
		method := http.MethodGet
		if test.method != "" {
			method = test.method
		}
		request := httptest.NewRequestWithContext(t.Context(), method, test.url, nil)
		if test.user != "" {
			request.Header.Set("X-User", test.user)
		}
		if got := Find(routes, request).GetName(); got != test.want {
			t.Errorf("%s: route %q, want %q", name, got, test.want)
		}
	}
}

func TestDraw(t *testing.T) {
	clusters := []Weighted{{"a", 0}, {"b", 25}, {"c", 75}}
	for random, want := range map[float64]string{0: "b", 0.249: "b", 0.25: "c", 0.999: "c"} {
		if got := Draw(clusters, random); got != want {
			t.Errorf("%v draws %q, want %q", random, got, want)
		}
	}
	if got := Draw(nil, 0.5); got != "" {
		t.Errorf("of nothing %q was drawn", got)
	}
}
