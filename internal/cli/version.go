package cli

import (
	"fmt"
	"runtime/debug"
)

// Build says which smm this is. Date is the commit's, RFC 3339, so that the same source gives the same binary.
type Build struct {
	Version string
	Commit  string
	Date    string
}

// String is the text behind "version" in `smm --version`, for example "0.1.0 (4c8509faa) built on 2026-05-05T20:57:58Z".
func (b Build) String() string {
	b = b.orModule()
	text := b.Version
	if b.Commit != "" {
		text += fmt.Sprintf(" (%s)", b.Commit)
	}
	if b.Date != "" {
		text += " built on " + b.Date
	}
	return text
}

// orModule falls back to the module's version, which is what `go install …@version` knows.
func (b Build) orModule() Build {
	if b.Version != "" {
		return b
	}
	b.Version = "unknown"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	return b
}
