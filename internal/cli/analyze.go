package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/analyzer"
	"github.com/meshmanager/smm/internal/validation/files"
	"github.com/meshmanager/smm/internal/validation/report"
)

const analyzeLong = `Checks the configuration of the whole mesh: of the cluster, or of manifests in files before they are applied.

It runs Istio's own analyzers and the checks of docs/checks.md, which look at many objects, workloads and clusters
together. Findings have a severity: an error does not work as written, a warning probably not as meant, an info is
worth knowing. The command fails when it finds errors; --fail-on changes that.`

// analyzeOptions are the flags of `smm analyze`.
type analyzeOptions struct {
	namespace       string
	files           []string
	withCluster     bool
	clusterName     string
	peerContexts    []string
	peerKubeconfigs []string
	failOn          string
	format          string
}

func newAnalyzeCommand(app *App) *cobra.Command {
	o := analyzeOptions{}
	cmd := &cobra.Command{
		Use:   "analyze",
		Short: "Find what is wrong with the configuration of the mesh",
		Long:  analyzeLong,
		Example: `  smm analyze
  smm analyze --namespace smm-demo -o json
  smm analyze -f manifests/ -o sarif > findings.sarif
  helm template ./chart | smm analyze -f - --with-cluster`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runAnalyze(cmd.Context(), app, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.namespace, "namespace", "n", "", "show findings of this `namespace` only (all objects are read all the same)")
	flags.StringArrayVarP(&o.files, "file", "f", nil, "check the manifests of this `file` or directory, or of the standard input (-); may be repeated")
	flags.BoolVar(&o.withCluster, "with-cluster", false, "check the files as if they were applied to the cluster")
	flags.StringArrayVar(&o.peerContexts, "peer-context", nil, "`name` of the kubeconfig context of one more cluster of the mesh; may be repeated")
	flags.StringArrayVar(&o.peerKubeconfigs, "peer-kubeconfig", nil, "path of the kubeconfig `file` of one more cluster of the mesh; may be repeated")
	flags.StringVar(&o.clusterName, "cluster-name", "default", "`name` of the cluster that files without a cluster are for, as findings show it")
	flags.StringVar(&o.failOn, "fail-on", "error", "fail when there are findings of this `severity` or a worse one: error, warning, info or never")
	flags.StringVarP(&o.format, "output", "o", "text", "output `format`: text, json, yaml or sarif")
	return cmd
}

// check refuses flags that make no sense, before anything is done.
func (o analyzeOptions) check() error {
	if !slices.Contains([]string{"text", "table", "json", "yaml", "sarif"}, o.format) {
		return usageErrorf("-o %s is not known: it must be text, json, yaml or sarif", o.format)
	}
	if _, err := validation.ParseSeverity(o.failOn); err != nil && o.failOn != "never" {
		return usageErrorf("--fail-on %s is not known: it must be error, warning, info or never", o.failOn)
	}
	if o.withCluster && len(o.files) == 0 {
		return usageErrorf("--with-cluster lays files over the cluster: give them with -f")
	}
	return nil
}

func runAnalyze(ctx context.Context, app *App, o analyzeOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	engine := analyzer.New()
	unreadable := 0
	cluster := o.clusterName
	if len(o.files) == 0 || o.withCluster {
		var err error
		if cluster, err = app.readClusters(ctx, engine, o); err != nil {
			return err
		}
	}
	if len(o.files) > 0 {
		read, err := files.Read(ctx, o.files, app.In, cluster, "default")
		if err != nil {
			return err
		}
		app.tellFiles(read)
		unreadable = len(read.Problems)
		engine.Apply(validation.Change{Set: append(read.Objects, analyzer.Cluster(cluster))})
	}
	findings := inNamespace(engine.Findings(), o.namespace)
	if err := app.printFindings(o.format, findings); err != nil {
		return err
	}
	return outcome(o.failOn, findings, unreadable)
}

// tellFiles tells what of the files is not checked.
func (a *App) tellFiles(read files.Result) {
	for _, problem := range read.Problems {
		fmt.Fprintf(a.Err, "%s %s\n", a.painter(a.Err).failed(), problem)
	}
	for _, line := range read.SkippedKinds() {
		fmt.Fprintf(a.Err, "%s %s\n", a.painter(a.Err).warning(), line)
	}
	if len(read.Objects) == 0 && len(read.Problems) == 0 {
		fmt.Fprintf(a.Err, "%s the files hold no object that is checked\n", a.painter(a.Err).warning())
	}
}

// inNamespace keeps the findings of a namespace, and those of the namespace itself.
func inNamespace(findings []validation.Finding, namespace string) []validation.Finding {
	if namespace == "" {
		return findings
	}
	return slices.DeleteFunc(findings, func(f validation.Finding) bool {
		return f.Subject.Namespace != namespace && (f.Subject.Kind != validation.Namespace || f.Subject.Name != namespace)
	})
}

func (a *App) printFindings(format string, findings []validation.Finding) error {
	switch format {
	case "json", "yaml":
		a.Output = Format(format)
		return a.Print(report.Results(findings), Table{})
	case "sarif":
		return report.SARIF(a.Out, a.Build.orModule().Version, findings, analyzer.Checks(), files.Locate)
	default:
		return report.Text(a.Out, findings)
	}
}

// outcome is the error that makes the command fail: findings are bad enough, or a document could not be read.
func outcome(failOn string, findings []validation.Finding, unreadable int) error {
	if unreadable > 0 {
		return explainedError{exitFailed}
	}
	limit, err := validation.ParseSeverity(failOn)
	if err != nil {
		return nil //nolint:nilerr // never
	}
	if slices.ContainsFunc(findings, func(f validation.Finding) bool { return f.Severity.AtLeast(limit) }) {
		return explainedError{exitFindings}
	}
	return nil
}
