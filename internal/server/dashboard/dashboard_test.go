package dashboard

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func packedText(t *testing.T, text string) *fstest.MapFile {
	t.Helper()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := io.WriteString(writer, text); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: packed.Bytes()}
}

func TestHandlerServesFilesAndThePage(t *testing.T) {
	site := fstest.MapFS{
		"files/dist/index.html.gz":        packedText(t, "the page"),
		"files/dist/assets/main-1a.js.gz": packedText(t, "the program"),
		"files/dist/assets/font-2b.woff2": &fstest.MapFile{Data: []byte("a font")},
	}
	type answer struct {
		Status            int
		Type, Cache, Body string
	}
	tests := map[string]answer{
		"/":                     {200, "text/html; charset=utf-8", "no-cache", "the page"},
		"/pods/pod:c1:a.b:c":    {200, "text/html; charset=utf-8", "no-cache", "the page"},
		"/api/graph":            {404, "text/plain; charset=utf-8", "", "404 page not found\n"},
		"/topology":             {200, "text/html; charset=utf-8", "no-cache", "the page"},
		"/../../etc/passwd":     {200, "text/html; charset=utf-8", "no-cache", "the page"},
		"/assets/main-1a.js":    {200, "text/javascript; charset=utf-8", forever, "the program"},
		"/assets/font-2b.woff2": {200, "font/woff2", forever, "a font"},
		"/assets/main-old.js":   {404, "text/plain; charset=utf-8", "", "404 page not found\n"},
	}
	for _, encoding := range []string{"", "gzip"} {
		for address, want := range tests {
			request := httptest.NewRequest(http.MethodGet, "/", nil)
			request.URL.Path = address
			request.Header.Set("Accept-Encoding", encoding)
			recorder := httptest.NewRecorder()
			handler{site}.ServeHTTP(recorder, request)
			header, body := recorder.Header(), io.Reader(recorder.Body)
			if header.Get("Content-Encoding") == "gzip" {
				var err error
				if body, err = gzip.NewReader(recorder.Body); err != nil {
					t.Fatal(err)
				}
			}
			text, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			got := answer{recorder.Code, header.Get("Content-Type"), header.Get("Cache-Control"), string(text)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, accepting %q (-want +got):\n%s", address, encoding, diff)
			}
		}
	}
}

func TestHandlerSaysHowToBuildWhatIsNotBuilt(t *testing.T) {
	page, err := files.ReadFile(unbuilt)
	if err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	site := fstest.MapFS{unbuilt: &fstest.MapFile{Data: page}}
	handler{site}.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	if recorder.Code != http.StatusOK || !strings.Contains(recorder.Body.String(), "make build") {
		t.Errorf("answered %d %q, want a page that says how to build the dashboard", recorder.Code, recorder.Body)
	}
}
