package chartsource

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DefaultCacheDir is the folder of the user's caches in which fetched charts are kept; "" where
// there is none.
func DefaultCacheDir() string {
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "smm", "charts")
}

// cache keeps on disk what was fetched from one source. A cache without a folder keeps nothing.
type cache struct{ folder string }

// newCache returns the cache of a source. Sources with the same URL share it.
func newCache(folder string, source Source) cache {
	if folder == "" {
		return cache{}
	}
	return cache{filepath.Join(folder, sumOf([]byte(source.URL))[:16])}
}

// index reads the kept index, nil when there is none that can be used.
func (c cache) index() *index {
	if c.folder == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(c.folder, "index.json"))
	if err != nil {
		return nil
	}
	kept := newIndex()
	if json.Unmarshal(text, kept) != nil || kept.Charts == nil {
		return nil // a broken copy is like none
	}
	return kept
}

func (c cache) saveIndex(i *index) error {
	text, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("encode the index of charts: %w", err)
	}
	return c.write("index.json", text)
}

// archive reads a kept chart of the given sum, nil when there is none.
func (c cache) archive(chart ChartVersion, sum string) []byte {
	if c.folder == "" || sum == "" {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(c.folder, archiveName(chart)))
	if err != nil || sumOf(data) != sum {
		return nil // a broken copy is like none
	}
	return data
}

func (c cache) saveArchive(chart ChartVersion, data []byte) error {
	return c.write(archiveName(chart), data)
}

// archiveName is a plain file name: charts are of a few names, and versions are checked.
func archiveName(chart ChartVersion) string {
	return fmt.Sprintf("%s-%s.tgz", chart.Chart, chart.Version)
}

// write replaces a file as a whole, so that nobody reads half of it.
func (c cache) write(name string, data []byte) error {
	if c.folder == "" {
		return nil
	}
	if err := os.MkdirAll(c.folder, 0o700); err != nil {
		return fmt.Errorf("keep charts: %w", err)
	}
	file, err := os.CreateTemp(c.folder, name+".*")
	if err != nil {
		return fmt.Errorf("keep charts: %w", err)
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(c.folder, name))
	}
	if err != nil {
		if removeErr := os.Remove(file.Name()); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
		return fmt.Errorf("keep charts: %w", err)
	}
	return nil
}
