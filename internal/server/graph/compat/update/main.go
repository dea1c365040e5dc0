// Command update takes the API's schema into the file that later changes are compared with. It refuses a change that
// breaks clients; delete the file to make one all the same.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/meshmanager/smm/internal/server/graph/compat"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: update <directory of the schema> <file>")
		os.Exit(2)
	}
	if err := update(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func update(dir, file string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.graphqls"))
	if err != nil {
		return err
	}
	after, err := load(paths...)
	if err != nil {
		return err
	}
	before, err := load(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		if broken := compat.Breaking(before, after); len(broken) > 0 {
			return fmt.Errorf("the schema breaks clients of the API:\n  %s\nKeep what was there, or delete %s to accept it", strings.Join(broken, "\n  "), file)
		}
	}
	var text bytes.Buffer
	formatter.NewFormatter(&text, formatter.WithoutDescription(), formatter.WithIndent("  ")).FormatSchema(after)
	return os.WriteFile(file, text.Bytes(), 0o644)
}

func load(paths ...string) (*ast.Schema, error) {
	var sources []*ast.Source
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		sources = append(sources, &ast.Source{Name: path, Input: string(text)})
	}
	return gqlparser.LoadSchema(sources...)
}
