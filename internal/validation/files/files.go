// Package files reads manifests for validation: files, directories and standard input, in YAML or JSON.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/decode"
)

// Result is what was read.
type Result struct {
	Objects []*validation.Object
	// Problems are documents that could not be read, in order of their places.
	Problems []Problem
	// Skipped counts the documents of kinds that no check reads, by kind; documents without kind count as "".
	Skipped map[string]int
}

// Problem is a document that cannot be checked, and why.
type Problem struct {
	Source  validation.Source
	Message string
}

// String is the problem in one line.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d: %s", p.Source.File, p.Source.Line, p.Message)
}

// Read reads files and directories, the latter with all below them; "-" is stdin. Objects of the cluster given are
// returned; namespace is that of manifests that name none. The error is about what could not be read at all.
func Read(ctx context.Context, paths []string, stdin io.Reader, cluster, namespace string) (Result, error) {
	r := reader{decoder: decode.NewDecoder(), cluster: cluster, namespace: namespace}
	r.decoding.SetLimit(runtime.GOMAXPROCS(0))
	var err error
	for _, path := range paths {
		if err = r.path(ctx, path, stdin); err != nil {
			break
		}
	}
	_ = r.decoding.Wait() // what cannot be decoded is a problem of its document, never an error
	if err != nil {
		return Result{}, err
	}
	return r.result(), nil
}

type reader struct {
	decoder            *decode.Decoder
	cluster, namespace string
	decoding           errgroup.Group
	documents          []*document // in the order in which they stand
}

// document is one document of a file, decoded beside others.
type document struct {
	source  validation.Source
	decoded decode.Document
	problem string // why it cannot be checked, if so
}

func (r *reader) path(ctx context.Context, path string, stdin io.Reader) error {
	if path == "-" {
		return r.stream(ctx, "standard input", stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return r.file(ctx, path)
	}
	found := false
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isManifest(name) {
			return err
		}
		found = true
		return r.file(ctx, name)
	})
	if err == nil && !found {
		return fmt.Errorf("%s holds no file that ends in .yaml, .yml or .json", path)
	}
	return err
}

func isManifest(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name)))
}

func (r *reader) file(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return r.stream(ctx, path, file)
}

// stream reads the documents of one file.
func (r *reader) stream(ctx context.Context, name string, in io.Reader) error {
	documents := newDocuments(in)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, line, err := documents.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		d := &document{source: validation.Source{File: name, Line: line}}
		switch {
		case errors.Is(err, errTooLong):
			d.problem = fmt.Sprintf("the document has more than %d MB, more than any cluster accepts: split it", maxDocument>>20)
		case err != nil:
			return fmt.Errorf("read %s: %w", name, err)
		default:
			r.decoding.Go(func() error { r.decode(d, text); return nil })
		}
		r.documents = append(r.documents, d)
	}
}

func (r *reader) decode(d *document, text []byte) {
	raw, err := toJSON(text)
	if err != nil {
		d.problem = explain(text, err)
		return
	}
	if raw == nil {
		return
	}
	if d.decoded, err = r.decoder.Document(r.cluster, r.namespace, raw); err != nil {
		d.problem = err.Error()
	}
}

// result is what all documents hold. A later document replaces an earlier one of the same object.
func (r *reader) result() Result {
	result := Result{Skipped: map[string]int{}}
	at := map[validation.ID]int{} // positions of objects
	for _, d := range r.documents {
		if d.problem != "" {
			result.Problems = append(result.Problems, Problem{d.source, d.problem})
		}
		for _, kind := range d.decoded.Skipped {
			result.Skipped[kind]++
		}
		for _, o := range d.decoded.Objects {
			o.Source = d.source
			if i, known := at[o.ID]; known {
				result.Objects[i] = o
				continue
			}
			at[o.ID] = len(result.Objects)
			result.Objects = append(result.Objects, o)
		}
	}
	return result
}

// SkippedKinds tells in a few lines what was not checked.
func (r Result) SkippedKinds() []string {
	var lines []string
	for _, kind := range slices.Sorted(maps.Keys(r.Skipped)) {
		switch n := r.Skipped[kind]; {
		case kind == "" && n == 1:
			lines = append(lines, "1 document is no Kubernetes object (it has no kind or no apiVersion) and was skipped")
		case kind == "":
			lines = append(lines, fmt.Sprintf("%d documents are no Kubernetes objects (they have no kind or no apiVersion) and were skipped", n))
		default:
			lines = append(lines, fmt.Sprintf("kind %s is not checked (%d in the files)", kind, n))
		}
	}
	return lines
}
