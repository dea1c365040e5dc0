// Package dashboard serves the files of the web dashboard, which are built from web/ into the program.
package dashboard

import (
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// files holds what `make build` makes of web/ in files/dist, where text is compressed already and nothing else is kept.
//
//go:embed all:files
var files embed.FS

const (
	built   = "files/dist/"
	unbuilt = "files/unbuilt.html"
	// forever is how browsers keep files whose names change with their content.
	forever = "public, max-age=31536000, immutable"
	packed  = ".gz"
)

// Handler serves the dashboard: its files, and for every other path its one page, which knows the paths of its views.
func Handler() http.Handler { return handler{files} }

type handler struct{ files fs.FS }

// ServeHTTP answers with a file of the dashboard.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	err := h.serve(w, r, name)
	if errors.Is(err, fs.ErrNotExist) && !isView(name) {
		http.NotFound(w, r)
		return
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = h.serve(w, r, "index.html")
	}
	if errors.Is(err, fs.ErrNotExist) {
		http.ServeFileFS(w, r, h.files, unbuilt)
		return
	}
	if err != nil {
		http.Error(w, "the dashboard's files cannot be read", http.StatusInternalServerError)
	}
}

// isView tells whether a path can be one of a view. A file that an older page asks for, or an address that the API does
// not have, must not be answered with the page.
func isView(name string) bool {
	return !strings.HasPrefix(name, "assets/") && !strings.HasPrefix(name, "api/")
}

// serve sends a built file, compressed when it is kept so and the browser takes it.
func (h handler) serve(w http.ResponseWriter, r *http.Request, name string) error {
	if name == "" {
		name = "index.html"
	}
	content, err := fs.ReadFile(h.files, built+name+packed)
	if errors.Is(err, fs.ErrNotExist) {
		if content, err = fs.ReadFile(h.files, built+name); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		describe(w.Header(), name)
		return send(w, content)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	header := w.Header()
	describe(header, name)
	header.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		return send(w, content)
	}
	reader, err := gzip.NewReader(strings.NewReader(string(content)))
	if err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	_, _ = io.Copy(w, reader) // nobody is left to tell when it fails
	return nil
}

func send(w http.ResponseWriter, content []byte) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content) // nobody is left to tell when it fails
	return nil
}

// describe tells what a file is and how long it may be kept.
func describe(header http.Header, name string) {
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	header.Set("Content-Type", kind)
	header.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		header.Set("Cache-Control", forever)
	}
}
