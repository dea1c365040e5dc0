package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// analyzeRounds is how often each program analyzes the same mesh, in turn.
const analyzeRounds = 3

// analyzedSizes are the numbers of objects of every kind.
func analyzedSizes() []int { return []int{100, 400, 800} }

// measureAnalyze analyzes meshes side by side with istioctl of the same version, from files and from an API server.
func measureAnalyze(ctx context.Context, bin string, r *report) error {
	dir, err := os.MkdirTemp("", "smm-bench-analyze-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, each := range analyzedSizes() {
		manifests := filepath.Join(dir, fmt.Sprintf("%d.yaml", each))
		if err := writeManifests(manifests, meshOf(each)); err != nil {
			return err
		}
		if err := compare(ctx, bin, fmt.Sprintf("%d objects of every kind, files", each), r,
			[]string{"analyze", "-f", manifests, "--fail-on", "never", "-o", "json"},
			[]string{"analyze", "--use-kube=false", manifests},
		); err != nil {
			return err
		}
	}
	if err := measureIncrement(r); err != nil {
		return err
	}
	return measureLiveAnalyze(ctx, bin, r)
}

// compare runs both programs in turn and reports the median of each and their ratio.
func compare(ctx context.Context, bin, what string, r *report, ours, theirs []string) error {
	var took, reference []float64
	for range analyzeRounds {
		our, err := timed(ctx, filepath.Join(bin, "smm"), ours)
		if err != nil {
			return err
		}
		their, err := timed(ctx, filepath.Join(bin, "istioctl"), theirs)
		if err != nil {
			return err
		}
		took, reference = append(took, our.seconds), append(reference, their.seconds)
		r.seconds("smm analyze, "+what, seconds(our.seconds), "")
		r.mebibytes("smm analyze, "+what+": memory", our.memory, "")
		r.seconds("istioctl analyze, "+what, seconds(their.seconds), "")
		r.mebibytes("istioctl analyze, "+what+": memory", their.memory, "")
	}
	r.count("analyze, "+what+": ratio", median(took)/median(reference), "at most 0.5")
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// usage is what one run of a program took.
type usage struct {
	seconds float64
	memory  uint64 // at its highest, in bytes
}

func timed(ctx context.Context, program string, args []string) (usage, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var messages bytes.Buffer
	cmd.Stderr = &messages
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	used := usage{}
	for {
		// What a process used at its highest is told as long as it runs; afterwards it is mixed with its parent's.
		if peak, err := peakMemory(cmd.Process.Pid); err == nil {
			used.memory = peak
		}
		select {
		case err := <-ended:
			used.seconds = time.Since(started).Seconds()
			var exit *exec.ExitError
			if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != istioctlFound) {
				return usage{}, fmt.Errorf("%s: %w: %s", filepath.Base(program), err, messages.String())
			}
			return used, nil
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// istioctlFound is the exit status of istioctl when it finds something.
const istioctlFound = 79

func writeManifests(path string, objects []*unstructured.Unstructured) error {
	var all bytes.Buffer
	for _, o := range objects {
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			return err
		}
		all.WriteString("---\n")
		all.Write(text)
	}
	return os.WriteFile(path, all.Bytes(), 0o600)
}
