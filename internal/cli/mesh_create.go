package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/internal/frontdoor"
	"github.com/meshmanager/smm/internal/meshplan"
	"github.com/meshmanager/smm/internal/meshplan/creation"
	"github.com/meshmanager/smm/internal/migration"
	"github.com/meshmanager/smm/internal/operator/installation"
)

const meshCreateLong = `Creates a mesh on the cluster: a control plane and its settings, and sidecars in the namespaces that are named. The name
has 4 to 64 characters: lowercase letters, digits and hyphens; it starts with a letter and does not end with a hyphen. It
cannot be changed.

Nodes that are named get the label istio=master, and the control plane runs only there. With --high-availability they have
to be in two or more zones. What the control plane takes, counted at its largest number of instances, has to be free on
the nodes; this is looked at before anything is created. Workloads that run already get a sidecar when they are restarted,
which --restart does.

The operator installs the mesh, in one to three minutes: status Installing, then Running.`

// meshCreateFlags are the flags of `smm mesh create`.
type meshCreateFlags struct {
	plan    meshplan.Plan
	dryRun  bool
	timeout time.Duration
}

func newMeshCreateCommand(app *App) *cobra.Command {
	flags := meshCreateFlags{plan: meshplan.Usual(), timeout: defaultInstallTimeout}
	cmd := &cobra.Command{
		Use:   "create <name>",
		Short: "Create a mesh on the cluster",
		Long:  meshCreateLong,
		Example: `  smm mesh create shop --dry-run
  smm mesh create shop --namespace frontend,backend --restart
  smm mesh create shop --node node-a,node-b --high-availability --min-instances 2 --max-instances 4`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.plan.Name = args[0]
			if problem := meshplan.NameProblem(args[0]); problem != "" {
				return usageErrorf("%s: %q", problem, args[0])
			}
			return runMeshCreate(cmd.Context(), app, flags)
		},
	}
	flags.add(cmd.Flags())
	return cmd
}

func (f *meshCreateFlags) add(set *pflag.FlagSet) {
	p := &f.plan
	set.StringVar(&p.Version, "istio-version", "", "`version` of Istio (default: the newest)")
	set.StringVar(&p.Cluster, "cluster-name", "", "`name` of the cluster in the mesh (default: that of its ControlPlane)")
	set.StringSliceVar(&p.Nodes, "node", nil, "`nodes` that the control plane runs on, which get the label istio=master (default: any)")
	set.BoolVar(&p.HighlyAvailable, "high-availability", false, "survive the loss of a zone")
	set.Int32Var(&p.Least, "min-instances", p.Least, "least `number` of instances of the control plane")
	set.Int32Var(&p.Most, "max-instances", p.Most, "largest `number` of instances of the control plane")
	set.Var(&quantity{&p.CPU}, "cpu", "CPUs of each instance, as request and limit")
	set.Var(&quantity{&p.Memory}, "memory", "memory of each instance, as request and limit")
	set.BoolVar(&p.Mandatory, "mandatory-anti-affinity", false, "never two instances on one node")
	set.Var(&quantity{&p.SidecarCPU}, "sidecar-cpu", "CPUs of a sidecar, as request and limit")
	set.Var(&quantity{&p.SidecarMemory}, "sidecar-memory", "memory of a sidecar, as request and limit")
	set.Float64Var(&p.Sampling, "trace-sampling", p.Sampling, "share of requests that are traced, in `percent`")
	set.Int32Var(&p.Retries, "http-retries", p.Retries, "how `often` a failed HTTP request is made again")
	set.StringSliceVar(&p.Namespaces, "namespace", nil, "`namespaces` whose pods get sidecars")
	set.BoolVar(&p.Restart, "restart", false, "restart the workloads that run there, so that they get sidecars now")
	set.BoolVar(&f.dryRun, "dry-run", false, "check and show what would be created, and create nothing; -o yaml prints the resources")
	set.DurationVar(&f.timeout, "timeout", f.timeout, "how long to wait until the mesh runs")
}

// quantity is a flag with an amount as Kubernetes writes it.
type quantity struct{ amount *resource.Quantity }

func (q *quantity) String() string {
	if q.amount == nil {
		return ""
	}
	return q.amount.String()
}

func (q *quantity) Set(text string) error {
	parsed, err := resource.ParseQuantity(text)
	if err != nil || parsed.Sign() <= 0 {
		return errors.New("it must be an amount such as 500m or 1Gi")
	}
	*q.amount = parsed
	return nil
}

func (q *quantity) Type() string { return "amount" }

func runMeshCreate(ctx context.Context, app *App, flags meshCreateFlags) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	scheme, err := api.NewScheme()
	if err != nil {
		return err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	on, err := creation.Observe(ctx, c)
	if err != nil {
		return err
	}
	plan := flags.plan
	if plan.Cluster == "" {
		plan.Cluster = on.Name
	}
	if plan.Version, err = app.releases(c).Version(ctx, plan.Version); err != nil {
		return err
	}
	if problems := meshplan.Problems(plan, on); len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	if flags.dryRun {
		return showPlan(app, plan)
	}
	if found, err := installation.Find(ctx, c); err != nil {
		return err
	} else if found == nil {
		return errors.New("no operator runs in the cluster, and nothing would install the mesh: install one with `smm operator install`")
	}
	if err := writeTable(app.Err, planTable(plan)); err != nil {
		return err
	}
	if err := app.Confirm(ctx, fmt.Sprintf("Create mesh %s on the cluster at %s?", plan.Name, config.Host)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, flags.timeout, fmt.Errorf("not running within %s", flags.timeout))
	defer cancel()
	return createMesh(ctx, app, c, plan)
}

func createMesh(ctx context.Context, app *App, c client.WithWatch, plan meshplan.Plan) error {
	progress := app.Progress(ctx)
	step := progress.Step("Creating mesh " + plan.Name)
	if err := creation.Write(ctx, c, plan); err != nil {
		step.Fail(errStopped)
		return err
	}
	if _, err := creation.Wait(ctx, c, plan.Name, step.Update); err != nil {
		step.Fail(errStopped)
		return err
	}
	step.Done(string(meshplan.Running))
	for _, namespace := range plan.Namespaces {
		step := progress.Step("Injecting namespace " + namespace)
		restarted, err := creation.Inject(ctx, c, plan, namespace, migration.Options{AtOnce: 1, Patience: defaultPatience}, step.Update)
		if err != nil {
			step.Fail(errStopped)
			return err
		}
		step.Done(fmt.Sprintf("%d workloads restarted", restarted))
	}
	mesh, err := creation.Get(ctx, c, plan.Name)
	if err != nil {
		return err
	}
	return app.Print(mesh, meshTable([]meshplan.Mesh{mesh}))
}

// showPlan prints what would be created: the review for people, the resources for programs.
func showPlan(app *App, plan meshplan.Plan) error {
	if app.Output == FormatTable {
		return writeTable(app.Out, planTable(plan))
	}
	mesh, icp, err := meshplan.Resources(plan)
	if err != nil {
		return err
	}
	var objects []*unstructured.Unstructured
	for _, resource := range []client.Object{mesh, icp} {
		object, err := frontdoor.Encoded(resource)
		if err != nil {
			return err
		}
		objects = append(objects, object)
	}
	return dumpObjects(app, objects)
}

// planTable is what a user reviews.
func planTable(p meshplan.Plan) Table {
	instances := fmt.Sprint(p.Least)
	if p.Most > p.Least {
		instances = fmt.Sprintf("%d to %d", p.Least, p.Most)
	}
	cpu, memory := meshplan.Total(p)
	amount := func(cpu, memory resource.Quantity) string {
		return fmt.Sprintf("%s CPU, %s memory", cpu.String(), memory.String())
	}
	table := Table{Columns: []string{"SETTING", "VALUE"}}
	table.Add("Name", p.Name)
	table.Add("Cluster", p.Cluster)
	table.Add("Istio version", p.Version)
	table.Add("Instances", instances)
	table.Add("Each instance", amount(p.CPU, p.Memory))
	table.Add("Total resources", amount(cpu, memory))
	table.Add("Anti-affinity", map[bool]string{true: "mandatory", false: "preferred"}[p.Mandatory])
	table.Add("High availability", map[bool]string{true: "two or more zones", false: "no"}[p.HighlyAvailable])
	table.Add("Nodes", orAny(p.Nodes))
	table.Add("Each sidecar", amount(p.SidecarCPU, p.SidecarMemory))
	table.Add("Traced requests", fmt.Sprintf("%g %%", p.Sampling))
	table.Add("HTTP retries", p.Retries)
	table.Add("Namespaces", strings.Join(p.Namespaces, ", "))
	table.Add("Workloads there", map[bool]string{true: "restarted", false: "keep running as they are"}[p.Restart])
	return table
}

func orAny(nodes []string) string {
	if len(nodes) == 0 {
		return "any"
	}
	return strings.Join(nodes, ", ") + " (label istio=master)"
}
