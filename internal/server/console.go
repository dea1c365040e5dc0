package server

import (
	"embed"
	"net/http"
)

// consoleFiles are the page on which a developer tries the API.
//
//go:embed console
var consoleFiles embed.FS

// console serves the page under the API's address.
func console() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "console/" + r.PathValue("file")
		if r.PathValue("file") == "" {
			name = "console/index.html"
		}
		http.ServeFileFS(w, r, consoleFiles, name)
	})
}
