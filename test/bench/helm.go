package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/istio"
)

const (
	// helmKubernetes is the version of Kubernetes that both render for.
	helmKubernetes = "v1.36.3"
	// helmRounds is how often each renders the chart in turn.
	helmRounds = 10
)

// measureHelm renders istiod's chart with the same values with Helm's own action, as `helm template` does, and with the
// product, in turn, and reports the ratio. Both read the chart anew each time; the product also parses the objects.
func measureHelm(ctx context.Context, reference string, r *report) error {
	dir, err := os.MkdirTemp("", "smm-bench-helm-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	release := istio.Builtin()[0]
	revision := istio.Revision{Name: istio.ControlPlaneName(release.Version), Namespace: istio.DefaultNamespace}
	if err := unpack(release, filepath.Join(dir, "chart")); err != nil {
		return err
	}
	values, err := yaml.Marshal(map[string]any{"revision": revision.Name, "revisionTags": []string{revision.Label()}})
	if err != nil {
		return err
	}
	valuesFile := filepath.Join(dir, "values.yaml")
	if err := os.WriteFile(valuesFile, values, 0o600); err != nil {
		return err
	}
	if _, err := release.ControlPlane(revision, nil, helmKubernetes); err != nil { // what is done once a process is done
		return err
	}
	ours := make([]float64, 0, helmRounds)
	for range helmRounds {
		start := time.Now()
		if _, err := release.ControlPlane(revision, nil, helmKubernetes); err != nil {
			return err
		}
		ours = append(ours, float64(time.Since(start).Microseconds())/1000)
	}
	theirs, err := helmTemplate(ctx, reference, revision, filepath.Join(dir, "chart"), valuesFile)
	if err != nil {
		return err
	}
	for _, took := range theirs {
		r.milliseconds("render istiod as `helm template`", time.Duration(took*float64(time.Millisecond)), "")
	}
	for _, took := range ours {
		r.milliseconds("render istiod, same chart and values", time.Duration(took*float64(time.Millisecond)), "")
	}
	r.count("render istiod: ratio to `helm template`", median(ours)/median(theirs), "at most 1")
	return nil
}

// helmTemplate returns the milliseconds that each rendering took after the first.
func helmTemplate(ctx context.Context, reference string, revision istio.Revision, chart, values string) ([]float64, error) {
	var output, messages bytes.Buffer
	cmd := exec.CommandContext(ctx, reference, strconv.Itoa(helmRounds+1), helmKubernetes, revision.Istiod(), revision.Namespace, chart, values)
	cmd.Stdout, cmd.Stderr = &output, &messages
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("helm template: %w: %s", err, messages.String())
	}
	var milliseconds []float64
	if err := json.Unmarshal(output.Bytes(), &milliseconds); err != nil {
		return nil, fmt.Errorf("helm template: %w", err)
	}
	if len(milliseconds) < 2 {
		return nil, errors.New("helm template: no figures")
	}
	return milliseconds[1:], nil
}

// unpack writes istiod's chart to a directory, for Helm to read.
func unpack(release istio.Release, dir string) error {
	files, err := release.Charts.Files(istio.ChartIstiod)
	if err != nil {
		return fmt.Errorf("read the chart: %w", err)
	}
	for _, file := range files {
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("unpack the chart: %w", err)
		}
		if err := os.WriteFile(path, file.Data, 0o600); err != nil {
			return fmt.Errorf("unpack the chart: %w", err)
		}
	}
	return nil
}
