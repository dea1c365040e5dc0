package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
)

const manyClusters = 24

// measureManyClusters has one API server validated as if it were many clusters of one mesh.
func measureManyClusters(ctx context.Context, bin, kubeconfig string, r *report) error {
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		return err
	}
	whole := config.DeepCopy()
	current := config.Contexts[config.CurrentContext]
	args := []string{"analyze", "--fail-on", "never", "-o", "json"}
	for i := range manyClusters {
		name := fmt.Sprintf("c%d", i+1)
		of := current.DeepCopy()
		of.Cluster = name
		whole.Contexts[name], whole.Clusters[name] = of, config.Clusters[current.Cluster]
		if i == 0 {
			args = append(args, "--context", name)
			continue
		}
		args = append(args, "--peer-context", name)
	}
	dir, err := os.MkdirTemp("", "smm-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "kubeconfig")
	if err := clientcmd.WriteToFile(*whole, path); err != nil {
		return err
	}
	used, err := timed(ctx, filepath.Join(bin, "smm"), append([]string{"--kubeconfig", path}, args...))
	if err != nil {
		return err
	}
	what := fmt.Sprintf("smm analyze, %d clusters of %d objects", manyClusters, len(meshOf(clusterEach)))
	r.seconds(what, seconds(used.seconds), "under 10 s")
	r.mebibytes(what+": memory", used.memory, "under 500 MiB")
	return nil
}
