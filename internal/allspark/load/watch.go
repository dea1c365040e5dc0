package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// watchInterval is how often a mounted ConfigMap is read again. The kubelet takes far longer to update it.
const watchInterval = 2 * time.Second

// ReadDir returns the settings with those replaced that a directory holds, one file for each: a mounted ConfigMap.
// A directory that does not exist replaces none.
func (s Settings) ReadDir(dir string) (Settings, error) {
	values := map[string]string{}
	for key := range s.Values() {
		text, err := os.ReadFile(filepath.Join(dir, key))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return s, fmt.Errorf("load settings: %w", err)
		}
		values[key] = string(text)
	}
	return s.Parse(values)
}

// Watch applies the settings of a directory to the generator when they change, until the context ends. Settings
// that were made in another way last until then.
func (g *Generator) Watch(ctx context.Context, dir string, seen Settings, log *slog.Logger) {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		settings, err := seen.ReadDir(dir)
		if err != nil {
			log.Warn("settings kept", "error", err)
			continue
		}
		if settings != seen {
			seen = settings
			g.Set(settings)
			log.Info("load settings changed", "enabled", settings.Enabled, "minRPS", settings.MinRPS, "maxRPS", settings.MaxRPS)
		}
	}
}
