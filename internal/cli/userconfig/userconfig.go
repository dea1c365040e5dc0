// Package userconfig keeps what the command line remembers for its user, by context of the kubeconfig: where the server is,
// and the ID token of the last sign-in. The file is readable by its owner only.
package userconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/yaml"
)

// PathVariable names the file in the environment.
const PathVariable = "SMM_CONFIG"

// Config is the content of the file.
type Config struct {
	// Contexts are by the names that the kubeconfig gives them.
	Contexts map[string]Context `json:"contexts,omitempty"`
}

// Context is what is remembered for one context.
type Context struct {
	// URL is the address of the server.
	URL string `json:"url,omitempty"`
	// Cluster is the address of the API server that knows the user: a context of the same name may lead elsewhere.
	Cluster string `json:"cluster,omitempty"`
	// IDToken stands for the user at the server until it expires.
	IDToken string `json:"idToken,omitempty"`
	// Expires is when that is.
	Expires *time.Time `json:"expires,omitempty"`
}

// Token returns the ID token when it is for the server and the cluster, and valid for some time.
func (c Context) Token(url, cluster string, now time.Time) string {
	if c.URL != url || c.Cluster != cluster || c.Expires == nil || !now.Before(c.Expires.Add(-time.Minute)) {
		return ""
	}
	return c.IDToken
}

// Path is where the file is.
func Path() (string, error) {
	if path := os.Getenv(PathVariable); path != "" {
		return path, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place for the configuration: set %s to the path of a file: %w", PathVariable, err)
	}
	return filepath.Join(dir, "smm", "config.yaml"), nil
}

// Read reads the file; one that does not exist is empty.
func Read(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil
	}
	if err != nil {
		return Config{}, err
	}
	var config Config
	if err := yaml.UnmarshalStrict(text, &config); err != nil {
		return Config{}, fmt.Errorf("%s cannot be read: mend it with `smm config edit`, or delete it: %w", path, err)
	}
	return config, nil
}

// Update changes what is remembered for one context. The file is replaced as a whole, so that nobody reads half of it.
func Update(path, context string, change func(*Context)) error {
	config, err := Read(path)
	if err != nil {
		return err
	}
	if config.Contexts == nil {
		config.Contexts = map[string]Context{}
	}
	current := config.Contexts[context]
	change(&current)
	config.Contexts[context] = current
	text, err := yaml.Marshal(config)
	if err != nil {
		return err
	}
	return Write(path, text)
}

// Write replaces the file.
func Write(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".config-*") // readable by its owner only
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // it is not there any more when all went well
	_, err = file.Write(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// Check tells what is wrong with the text of a file.
func Check(text []byte) error {
	var config Config
	return yaml.UnmarshalStrict(text, &config)
}
